// A meter is the state of one limit, in its shape: a bucket, a rolling ring, or a calendar day; and how fast it may
// grow. Invariant, shape, units, errors: as bucket.h and rolling.h say; every function takes the limit and `now`.
// Calendar: `amount` from the beginning of a day to its end, which turn() tells; a day's overrun is not carried over.
// Threads:  a value; the caller locks.
#pragma once

#include <cstdint>
#include <variant>

#include "limiter/bucket.h"
#include "limiter/limit.h"
#include "limiter/rolling.h"

namespace weir {

// What was taken of a calendar limit since the day began.
struct Day {
  std::int64_t number = 0;  // tells days apart
  Instant began = Instant::min(), ends = Instant::max();
  std::int64_t used = 0;
};

// Acceleration: what was taken in the ten seconds that are going on, and in the ten before.
struct Ramp {
  std::int64_t window = 0, used = 0, before = 0;
};

// The most that one call can ever take.
std::int64_t most_at_once(const Limit& limit);

// All that a limit holds: what its level is when nothing has been taken, at once or not.
std::int64_t whole(const Limit& limit);

class Meter {
 public:
  explicit Meter(const Limit& limit);
  bool fits(const Limit& limit, std::int64_t units) const { return units <= most_at_once(limit); }
  // See Bucket::ready_at().
  Instant ready_at(const Limit& limit, std::int64_t units, Instant now, std::int64_t ahead = 0) const;
  // What is ready now.
  void take(const Limit& limit, std::int64_t units, Instant now);
  // What was charged at the instant `at` was `charged`; it should have been `actual`.
  void settle(const Limit& limit, std::int64_t charged, std::int64_t actual, Instant at, Instant now);
  void tighten(const Limit& limit, std::int64_t most, Instant now);
  // The same shape goes on under another amount.
  void change(const Limit& from, const Limit& to, Instant now);
  std::int64_t level(const Limit& limit, Instant now) const;
  // What has been taken and has not flowed back: more than the whole is debt.
  std::int64_t taken(const Limit& limit, Instant now) const;
  // Calendar: which day it is, and when it ends. A day with another number begins with the whole amount.
  void turn(std::int64_t number, Instant ends, Instant now);

 private:
  std::variant<Bucket, Rolling, Day> state_;
  Ramp ramp_;
};

}  // namespace weir
