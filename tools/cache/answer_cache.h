// Answers that were given, kept for whoever asks the same again: in an SQLite file, or in memory. One thread of its own
// reads and writes; the loop never waits for the disk.
// Invariant: what keep() was given before a find() of the same key is found by it.
// Bounds:    bytes of all answers, by least recent use; bytes of one; what waits for the thread, in number and in
// bytes. Errors:    a file that is corrupt, locked, another program's or another version's, a full disk: nothing is
// found and
//            nothing kept for a minute, `complain` gets a line, and the file is tried again. No call fails by it.
// Threads:   the loop's thread. `complain` runs on the cache's own; `found` on the loop's.
// Owner:     the loop outlives it; destroying it saves what was given.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "limiter/loop.h"
#include "tools/cache/answer_key.h"
#include "tools/model.h"

namespace weir {

class AnswerFile;

struct AnswerCacheOptions {
  std::string file{};                  // absolute path; empty = in memory
  std::int64_t bytes_max = 128 << 20;  // of all answers
  std::function<void(const std::string& line)> complain{};
  std::size_t waiting_max = 4096;
  std::int64_t waiting_bytes_max = 32 << 20;
  Duration busy_timeout = std::chrono::milliseconds(500);  // how long another process may hold the file
};

struct KeptCounts {
  std::int64_t stored = 0, evicted = 0;  // since the start
  std::int64_t entries = 0, bytes = 0;   // now, once the file was opened by the first use
  bool operator==(const KeptCounts&) const = default;
};

class AnswerCache {
 public:
  AnswerCache(Loop& loop, AnswerCacheOptions options);
  ~AnswerCache();
  AnswerCache(const AnswerCache&) = delete;
  AnswerCache& operator=(const AnswerCache&) = delete;

  // Answers through `found`, later, with an answer that is younger than `ttl`, or with nothing. False, and it will not
  // be called: too many wait.
  bool find(const AnswerKey& key, Duration ttl, std::function<void(std::optional<Completion>)> found);
  // To be kept as long as `ttl`, at most. Too large an answer is not, nor one that would have to wait behind too many.
  void keep(const AnswerKey& key, Duration ttl, const std::string& name_space, const Completion& completion);
  KeptCounts counts() const;

 private:
  struct Wish {
    AnswerKey key;
    Duration ttl{};
    Instant asked{};
    WallTime wall{};
    std::function<void(std::optional<Completion>)> found{};  // null: it is to be kept
    std::string name_space{}, answer{};
  };

  bool accept(Wish wish);
  void live();  // the thread's
  void grant(std::deque<Wish>& wishes);
  void look_up(Wish& wish);
  void count(std::int64_t stored);

  Loop& loop_;
  const AnswerCacheOptions options_;
  // The thread's own.
  std::unique_ptr<AnswerFile> file_;
  std::optional<Instant> resting_until_;
  std::int64_t evicted_before_ = 0;  // by files that were closed

  mutable std::mutex mu_;
  std::condition_variable wake_;
  std::deque<Wish> waiting_;
  std::int64_t waiting_bytes_ = 0;
  bool closing_ = false;
  KeptCounts counts_;
  std::thread thread_;
};

}  // namespace weir
