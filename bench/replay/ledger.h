// One limit as a provider keeps it, and enforces it exactly, in one of several ways. Written apart from limiter/, which
// it judges: one mistake cannot hide in both. Regimes: none     counts, and refuses nothing.
//          minute   a bucket that refills all the time and holds what flows in during 60 s.
//          tenth    the same, holding what flows in during 10 s.
//          rolling  no more than the amount in any 60 s; what is counted at t has gone at t + 60 s.
//          slices   a sixtieth of the amount in each second of the clock. While a slice has anything left, the next
//          call
//                   passes whole, and what it takes too much is carried into the slices after it. A provider that made
//                   a call wait for a slice with room for all of it would waste up to a call a second, and could never
//                   give away 99 % of its own limit.
// Shape:   amount units a minute; amount >= 1. Instants do not go back.
// Units:   tokens or requests; integers, scaled where they must be, so nothing is rounded away.
// Threads: a value.
#pragma once

#include <cstdint>
#include <deque>
#include <string_view>
#include <utility>

#include "bench/replay/workload.h"

namespace bench::replay {

enum class Regime { none, minute, tenth, rolling, slices };
std::string_view name_of(Regime regime);

class Ledger {
 public:
  Ledger(Regime regime, std::int64_t amount);

  bool admits(std::int64_t units, Instant now);
  // Counts, whether or not there is room.
  void count(std::int64_t units, Instant now);
  // How long until this many would be admitted if nothing else came; zero if now.
  Duration until_admits(std::int64_t units, Instant now);
  // What a header would say is left of the limit, and how long until it is whole again.
  std::int64_t remaining(Instant now);
  Duration until_full(Instant now);

  // The most that this regime lets through in such a span of demand without exceeding the amount in a rolling minute.
  static double allowed(Regime regime, std::int64_t amount, const Span& span);

 private:
  void advance(Instant now);
  std::int64_t capacity() const;

  Regime regime_;
  std::int64_t amount_;
  Instant as_of_ = kStart;
  std::int64_t level_;         // buckets: in units times the nanoseconds of a minute
  std::int64_t in_slice_ = 0;  // slices: 60 times the units of this slice, and what was carried into it
  std::deque<std::pair<Instant, std::int64_t>> minute_;  // what was counted in the last 60 s
  std::int64_t in_minute_ = 0;
};

}  // namespace bench::replay
