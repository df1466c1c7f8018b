#include "simulator/foreign.h"

#include <algorithm>
#include <cmath>

namespace simulator {

void ForeignTraffic::catch_up(Quota& quota, Instant now) {
  if (share_ <= 0 || !quota.limited()) return;
  until_ = std::max(until_, now - kLookBack);
  for (; until_ + kStep <= now; until_ += kStep) {
    const double strength = 2 * draw_.unit() * share_ * static_cast<double>(kStep.count());
    for (const Dimension dimension :
         {Dimension::requests, Dimension::tokens, Dimension::input_tokens, Dimension::output_tokens}) {
      const auto which = static_cast<std::size_t>(dimension);
      owed_[which] += strength * static_cast<double>(quota.limit_of(dimension)) / static_cast<double>(kMinute.count());
      const double whole = std::floor(owed_[which]);
      owed_[which] -= whole;
      taken_[which] += quota.take_for_others(dimension, static_cast<std::int64_t>(whole), until_ + kStep);
    }
  }
}

}  // namespace simulator
