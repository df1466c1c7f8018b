// Forgets what is too old, or too much for the file; the sums stay.
// Shape:   calls by when they started, with all their attempts and texts; attempts by when they ended; sums by hour,
// notes
//          and sessions by age (`keep_hours`), notes also by number; sums by day never, but when nothing else is left.
// Bounds:  a turn() deletes about kStep calls, so that no other process waits long for the file.
// Errors:  throws SQLite::Exception; what a turn did before is kept.
// Threads: one at a time.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstdint>

#include "limiter/loop.h"

namespace weir {

class LedgerRetention {
 public:
  static constexpr std::int64_t kStep = 1000;
  struct Keeping {
    Duration keep{}, keep_hours{};
    std::int64_t bytes_max = 0;
  };
  LedgerRetention(SQLite::Database& database, const Keeping& keeping) : database_(database), keeping_(keeping) {}

  bool too_large();  // beyond bytes_max; then size turns are due, until they answer false
  // Whether there is more to do.
  bool turn_by_age(WallTime now);
  bool turn_by_size();
  std::int64_t bytes();       // of the file
  std::int64_t bytes_used();  // of the same, without what the file has free

 private:
  bool drop_oldest(std::int64_t before_us);
  bool drop_old_sums(std::int64_t before_us);

  SQLite::Database& database_;
  const Keeping keeping_;
};

}  // namespace weir
