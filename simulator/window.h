// The worst rolling minute of one dimension: the largest sum of amounts over any 60 s, found as they arrive. Rule: what
// happened at t leaves the window at t + 60 s exactly, as in the rolling quota.
// Bounds:  holds what happened in the last 60 s.
// Threads: a value; the caller locks. `now` never goes back.
#pragma once

#include <cstdint>
#include <deque>

#include "simulator/quota.h"

namespace simulator {

class WorstMinute {
 public:
  void add(std::int64_t amount, Instant now);
  std::int64_t worst() const { return worst_; }

 private:
  struct Event {
    Instant at;
    std::int64_t amount;
  };
  std::deque<Event> events_;
  std::int64_t sum_ = 0;
  std::int64_t worst_ = 0;
};

}  // namespace simulator
