// Loads the configuration again while the server runs: when asked (SIGHUP), and when it or a file that it names has
// changed, if it says so. It is put in force whole, or refused whole with every mistake in the log.
// Watching: the folders of those files (editors replace a file by renaming; Kubernetes swaps a link beside it), and of
//          what they link to. Something that happens there makes it look, a tenth of a second after the last of it, at
//          whether a file is another now. A file that is half written is refused, and the rest of it is news again.
// Work:    looking, reading and checking happen on a thread of its own, one after the other; only putting in force
//          happens on the loop.
// Threads: the loop's thread. The loop outlives it.
#pragma once

#include <functional>
#include <iosfwd>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "limiter/loop_uv.h"
#include "mcp/weir/draft.h"
#include "tools/call_log.h"

namespace weir::mcp {

struct ReloadOptions {
  DraftSource source;
  // Called on the loop.
  std::function<void(const Draft&)> put_in_force;
  std::function<void(nlohmann::json)> tell;  // what weir://limits says of it
  std::function<void(Note)> note{};          // for good
};

// What the files of a configuration were when they were looked at.
using FileStates = std::map<std::string, std::string>;
FileStates look_at(const std::string& file);

// The configuration for a command, and its files before it was read; or nothing, after all its mistakes were printed to
// `err`. Warnings are printed too.
struct Loaded {
  Draft draft;
  FileStates seen;
};
std::optional<Loaded> load(const DraftSource& source, std::ostream& err);

class Reload {
 public:
  // `seen`: what was looked at before `first` was made.
  Reload(UvLoop& loop, ReloadOptions options, Draft first, FileStates seen);
  ~Reload();
  Reload(const Reload&) = delete;
  Reload& operator=(const Reload&) = delete;

  void ask();

 private:
  struct Outcome;
  void begin(bool asked);
  void happened();
  void work(bool asked, const FileStates& seen);
  void ended(Outcome& outcome);
  void put_in_force(Draft draft);
  void refuse(const std::vector<Mistake>& mistakes);
  bool watch(const std::vector<std::string>& folders);
  void note(const char* kind, const nlohmann::json& detail) const;
  void tell();

  UvLoop& loop_;
  const ReloadOptions options_;
  std::shared_ptr<const Draft> now_;
  FileStates seen_;
  std::map<std::string, std::unique_ptr<FolderWatch>> watches_;  // by folder; null: it cannot be
  Timer timer_;
  Instant first_{};  // of what happened since the last look
  bool pending_ = false, working_ = false, again_ = false, asked_ = false;
  std::thread worker_;
  int loads_ = 1, refused_ = 0;
  std::string loaded_at_;
  nlohmann::json last_refusal_;
};

}  // namespace weir::mcp
