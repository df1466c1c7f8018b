// Slots of one kind, and for how long there has been none free: that tells a wait for a slot from a wait for a limit.
// Threads: the loop's thread.
#pragma once

#include <optional>

#include "config/invariant.h"
#include "limiter/loop.h"

namespace weir {

class Slots {
 public:
  explicit Slots(std::optional<int> most) : most_(most) {}
  std::optional<int> most() const { return most_; }
  int taken() const { return taken_; }
  bool has() const { return !most_ || taken_ < *most_; }
  void take(Instant now) {
    ++taken_;
    if (most_ && taken_ == *most_) full_since_ = now;
  }
  void give_back(Instant now) {
    if (most_ && taken_ == *most_) full_for_ += now - full_since_;
    --taken_;
    INVARIANT(taken_ >= 0, "{} slots taken", taken_);
  }
  // What is taken stays taken: of more than there are now, nobody gets one until enough have been given back.
  void change(std::optional<int> most, Instant now) {
    if (!has()) full_for_ += now - full_since_;
    most_ = most;
    if (!has()) full_since_ = now;
  }
  // The time without a free one, ever.
  Duration full_for(Instant now) const { return has() ? full_for_ : full_for_ + (now - full_since_); }

 private:
  std::optional<int> most_;
  int taken_ = 0;
  Instant full_since_{};
  Duration full_for_{};
};

}  // namespace weir
