// The others on the account, who use up a share of every quota: a little at a time, more now and less then, as a seed
// decides. They are refused as anybody else is: they never take what is not there.
// Units:   a share of 0.3 is three tenths of each limit, on average over time.
// Bounds:  after a long silence only the last kLookBack is made up for; before that all is full again anyway.
// Threads: a value; the caller locks. `now` never goes back.
#pragma once

#include <array>
#include <cstdint>

#include "simulator/draw.h"
#include "simulator/quota.h"

namespace simulator {

class ForeignTraffic {
 public:
  static constexpr Span kStep = std::chrono::milliseconds(200);
  static constexpr Span kLookBack = 2 * kMinute;

  ForeignTraffic(double share, std::uint64_t seed) : share_(share), draw_(seed, 0) {}

  void catch_up(Quota& quota, Instant now);  // takes what they used since the last time
  std::int64_t taken(Dimension dimension) const { return taken_[static_cast<std::size_t>(dimension)]; }

 private:
  double share_;
  Draw draw_;
  Instant until_{0};
  std::array<double, 4> owed_{};  // less than a unit, or what did not come in whole units yet
  std::array<std::int64_t, 4> taken_{};
};

}  // namespace simulator
