// For how long each of a few things has stood in the way, one at a time: who waits reads it when he comes and when he
// goes.
// Threads: a value; the loop's thread.
#pragma once

#include <array>
#include <cstddef>
#include <optional>

#include "limiter/loop.h"

namespace weir {

template <std::size_t kMany>
class Obstacles {
 public:
  using Times = std::array<Duration, kMany>;

  // From now on it is this one; or none.
  void is(std::optional<std::size_t> which, Instant now) {
    if (which == which_) return;
    if (which_) times_[*which_] += now - since_;
    which_ = which;
    since_ = now;
  }
  std::optional<std::size_t> is() const { return which_; }
  // How long each has been it, ever.
  Times read(Instant now) const {
    Times times = times_;
    if (which_) times[*which_] += now - since_;
    return times;
  }

 private:
  std::optional<std::size_t> which_{};
  Instant since_{};
  Times times_{};
};

}  // namespace weir
