// What one pipe knows beside its lines: requests of ours to the caller on the other side, and what it is told of
// changes.
// Invariant: an answer to a request of ours reaches whoever asked once, or never when the call has been stopped; a
//            subscription's acknowledgement comes before all else that it carries.
// Bounds:  kAsksMax requests wait for their answers; a subscription whose reader does not read is ended.
// Threads: any. The writer must outlive it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include "mcp/call.h"
#include "mcp/changes.h"
#include "mcp/jsonrpc.h"
#include "mcp/line_writer.h"
#include "mcp/revision.h"

namespace weir::mcp {

// Requests to the caller: sampling, elicitation, roots.
class Asks : public std::enable_shared_from_this<Asks> {
 public:
  static constexpr std::size_t kAsksMax = 1024;
  using Done = std::function<void(std::variant<Json, ProtocolError>)>;

  explicit Asks(LineWriter& writer) : writer_(writer) {}
  // Withdrawn (and the caller told so) when `stop` is requested.
  void ask(const std::string& method, const Json& params, std::stop_token stop, Done done);
  void answered(const Message& response);  // to what was not asked: ignored
  // The asker of one call.
  static std::shared_ptr<Asker> asker(std::shared_ptr<Asks> asks, std::stop_token stop);

 private:
  struct Waiting {
    Done done;
    std::unique_ptr<std::stop_callback<std::function<void()>>> stopped;
  };
  void withdraw(const std::string& id);

  LineWriter& writer_;
  std::mutex mu_;
  std::map<std::string, Waiting> waiting_;
  std::uint64_t last_id_ = 0;
};

// One modern subscription on a pipe. `ended` is called once it is over, whoever ended it.
class PipeListen : public std::enable_shared_from_this<PipeListen> {
 public:
  struct Asked {
    RequestId id;
    Interest honoured;
    std::stop_token stop;  // the caller's cancellation: then nothing more is said
    Json final_message;    // else this
  };
  PipeListen(LineWriter& writer, std::shared_ptr<void> keeps_writer, std::function<void()> ended)
      : writer_(writer), keeps_writer_(std::move(keeps_writer)), ended_fn_(std::move(ended)) {}

  // False when there are too many already; `ended` is not called then.
  bool open(Changes& changes, const Asked& asked);

 private:
  void tell(const Change& change);
  void end();

  LineWriter& writer_;
  const std::shared_ptr<void> keeps_writer_;
  std::function<void()> ended_fn_;
  std::mutex mu_;
  bool ended_ = false;
  std::optional<RequestId> id_;
  Json final_message_;
  Changes::Subscription subscription_;
  std::optional<std::stop_callback<std::function<void()>>> cancelled_;
};

}  // namespace weir::mcp
