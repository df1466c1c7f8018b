// The open SQLite file of kept answers, checked to be one of ours: bounded in bytes, the least recently used go first.
// Invariant: after each call the answers take no more than `bytes_max`, each counted as its bytes and kBytesEach.
// Shape:   an answer is found while it is younger than the asker's ttl and than the one it was kept with. One whose
//          time of keeping is in the future (a clock was set back) counts as kept now.
// Errors:  every call may throw what SQLiteCpp throws; then the file is to be closed, and what was not saved is lost.
// Threads: one at a time.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstdint>
#include <optional>
#include <string>

#include "limiter/loop.h"
#include "tools/cache/answer_key.h"

namespace weir {

class AnswerFile {
 public:
  static constexpr std::int64_t kBytesEach = 256;

  // `file`: an absolute path; ":memory:" is in memory.
  AnswerFile(const std::string& file, std::int64_t bytes_max, Duration busy_timeout, WallTime now);
  std::optional<std::string> find(const AnswerKey& key, Duration ttl, WallTime now);
  void use(const AnswerKey& key);  // it was found, and is the last to be evicted now
  void keep(const AnswerKey& key, const std::string& name_space, const std::string& answer, Duration ttl, WallTime now);
  void drop(const AnswerKey& key);
  void save();  // what happened since the last save; until then it holds the file against other processes

  struct Totals {
    std::int64_t entries = 0, bytes = 0;
  };
  Totals totals();
  std::int64_t evicted() const { return evicted_; }  // since it was opened

 private:
  void begin();
  void mend(WallTime now);  // what a clock that was set back, or another version of the totals, left
  void evict();

  SQLite::Database database_;
  const std::int64_t bytes_max_;
  std::int64_t evicted_ = 0;
  WallTime last_;
  SQLite::Statement find_, use_, purge_, drop_, keep_, totals_, evict_;
  std::optional<SQLite::Transaction> writing_;
};

}  // namespace weir
