// The rolling shape: never more than `amount` in any period, and never more than `burst` in any second. What is taken
// is kept in a ring of slots and leaves it a period later; a settlement is addressed to the slot that was charged.
// Invariant: what is in a slot counts until the slot's end is a period and a slot old: never too short, also where a
//           call was counted up to a slot (100 ms of a minute) later than it was sent; at most two too long. No slot
//           holds less than nothing. A wait that ready_at() names is exact; behind others it is exact for calls of one
//           unit, and never too long for larger ones.
// Headers: what a provider counts beyond the ring (foreign use, say) is held back, and less of it as time goes by, at
// the
//           limit's rate: nobody says when it leaves the provider's count; the next headers will.
// Slices:   while the provider counts in finer slices (Limit::at_once), a bucket beside the ring paces calls.
// Shape:   600 slots to a period, 10 to a second, rounded up to whole nanoseconds. Instants do not go back.
// Errors:  none. More than the burst never fits: ask first.
// Threads: values; the caller locks.
// Source:  a ring of counters; the signed true-up is ours (LIMITS §2).
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "limiter/bucket.h"
#include "limiter/limit.h"

namespace weir {

class Ring {
 public:
  Ring(Duration span, int slots);
  // What was taken within the span that ends now.
  std::int64_t sum(Instant now) const;
  // Adds (or takes back) units at an instant that may be past; nothing, when that has left the ring. No more is taken
  // back than is there.
  void add(std::int64_t units, Instant at, Instant now);
  // The earliest instant, not before now, at which no more than `most` is left, if nothing is added. most < 0: when the
  // ring is empty.
  Instant down_to(std::int64_t most, Instant now) const;
  // When what is taken at `at` leaves the ring; and what leaves as it was when this came in, `times` rounds later.
  Instant leaves(Instant at, std::int64_t times = 1) const;
  // The slots that hold something, from the oldest: when they leave, and with how much.
  template <typename Visit>
  void each(Instant now, Visit visit) const {
    for (std::int64_t slot = std::max(index(now), last_) - span(); slot <= last_; ++slot)
      if (units_[place(slot)] != 0) visit(Instant((slot + span() + 1) * slot_), units_[place(slot)]);
  }

 private:
  std::int64_t index(Instant at) const { return at.time_since_epoch() / slot_; }
  std::int64_t span() const { return static_cast<std::int64_t>(units_.size()) - 1; }
  std::size_t place(std::int64_t index) const { return static_cast<std::size_t>(index) % units_.size(); }

  Duration slot_;
  std::vector<std::int64_t> units_;  // one slot more than the span has: the one that is going on
  std::int64_t last_ = 0;            // the newest slot's index
  std::int64_t sum_ = 0;             // of all slots, as of `last_`
};

class Rolling {
 public:
  explicit Rolling(const Limit& limit);
  Instant ready_at(const Limit& limit, std::int64_t units, Instant now, std::int64_t ahead = 0) const;
  void take(const Limit& limit, std::int64_t units, Instant now);
  // `at`: when it was taken.
  void settle(const Limit& limit, std::int64_t charged, std::int64_t actual, Instant at, Instant now);
  void tighten(const Limit& limit, std::int64_t most, Instant now);
  std::int64_t level(const Limit& limit, Instant now) const;
  std::int64_t taken(const Limit& limit, Instant now) const { return period_.sum(now) + foreign(limit, now); }

 private:
  std::int64_t foreign(const Limit& limit, Instant now) const;
  Instant ready_beside_foreign(const Limit& limit, std::int64_t units, Instant now) const;
  Instant behind(const Limit& limit, std::int64_t units, Instant now, std::int64_t ahead) const;
  std::optional<Instant> filled(const Limit& limit, std::int64_t units, Instant now, std::int64_t ahead) const;

  Ring period_, second_;
  Bucket pace_;
  Instant foreign_until_ = Instant::min();  // when nothing is held back any more
};

}  // namespace weir
