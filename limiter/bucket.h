// A bucket is one number: the instant at which it is full again. Later than now = spent; debt is simply later still.
// Invariant: never more than the burst at one instant; over any horizon, what take() admitted is at most burst + rate *
//           time, within one unit; a wait that ready_at() names is exact: take() succeeds at that instant and fails one
//           nanosecond before.
// Shape:   every function takes the Limit (see limit.h) and `now`; the bucket itself holds neither.
// Units:   tokens or requests, as the limit says; nanoseconds. Charges round time up. A settlement moves the instant by
//          the difference of the two rounded charges, so that what stays is exactly what charging the actual amount
//          would have left.
// Errors:  none. More than the burst never fits: ask fits() first.
// Threads: a value; the caller locks.
// Source:  GCRA, ITU-T I.371.
#pragma once

#include <algorithm>
#include <cstdint>

#include "limiter/limit.h"

namespace weir {

// The time that `units` take to flow in, rounded up; saturates instead of overflowing.
Duration refill_time(const Limit& limit, std::int64_t units);

// How far ahead of now a bucket may be filled: the time that a burst takes to flow in, plus the nanoseconds by which a
// burst taken in single units is rounded up, as far as they stay below one unit.
Duration burst_time(const Limit& limit);

// 64 bits of time hold no more: far enough for any real wait (36 years).
inline constexpr Duration kLongest{std::int64_t{1} << 60};

class Bucket {
 public:
  Bucket() = default;  // full
  explicit Bucket(Instant full_at) : full_at_(full_at) {}

  bool fits(const Limit& limit, std::int64_t units) const { return units <= limit.burst; }
  // The earliest instant, not before `now`, at which take() would succeed; when `ahead` units are taken before, each as
  // soon as it can be. Exact to a nanosecond for each call ahead.
  Instant ready_at(const Limit& limit, std::int64_t units, Instant now, std::int64_t ahead = 0) const;
  // Takes all or nothing.
  bool take(const Limit& limit, std::int64_t units, Instant now);
  // Takes what is ready.
  void charge(const Limit& limit, std::int64_t units, Instant now) {
    full_at_ = std::max(full_at_, now) + refill_time(limit, units);
  }
  // Takes without asking: the charge may become debt, up to limit.debt.
  void force(const Limit& limit, std::int64_t units, Instant now);
  // What was charged was `charged`; it should have been `actual`. Never lifts the level above full or below -debt.
  void settle(const Limit& limit, std::int64_t charged, std::int64_t actual, Instant now);
  // Lowers the level to `most` whole units, if it is higher.
  void tighten(const Limit& limit, std::int64_t most, Instant now);
  // Goes on under another limit, with what has been taken: what is missing to full now is missing then.
  void change(const Limit& from, const Limit& to, Instant now);
  // Whole units that could be taken now; negative = debt.
  std::int64_t level(const Limit& limit, Instant now) const;

  Instant full_at() const { return full_at_; }
  bool operator==(const Bucket&) const = default;

 private:
  Instant full_at_ = Instant::min();
};

static_assert(sizeof(Bucket) == 8);

}  // namespace weir
