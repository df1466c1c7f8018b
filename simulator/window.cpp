#include "simulator/window.h"

#include <algorithm>

namespace simulator {

// Every maximal window ends at an event, so looking at those ends is enough.
void WorstMinute::add(std::int64_t amount, Instant now) {
  while (!events_.empty() && events_.front().at + kMinute <= now) {
    sum_ -= events_.front().amount;
    events_.pop_front();
  }
  events_.push_back({now, amount});
  sum_ += amount;
  worst_ = std::max(worst_, sum_);
}

}  // namespace simulator
