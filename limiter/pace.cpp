#include "limiter/pace.h"

#include <algorithm>

namespace weir {
namespace {

using namespace std::chrono_literals;

constexpr Duration kFirstWait = 1s, kLongestWait = 60s, kShortestWait = 100ms;
constexpr Duration kSilence = 500ms;

}  // namespace

Instant Pace::opens_at(const Charges& charges) const {
  Instant opens = all_;
  for (std::size_t i = 0; i < closed_.size(); ++i)
    if (charges[i].units > 0) opens = std::max(opens, closed_[i]);
  return opens;
}

Duration Pace::back_off() {
  const Duration longest =
      std::min(kFirstWait * (std::int64_t{1} << std::min(std::max(refusals_ - 1, 0), 10)), kLongestWait);
  return std::max(kShortestWait, Duration(std::uniform_int_distribution<std::int64_t>(0, longest.count())(random_)));
}

void Pace::paused(Instant now, int in_flight) {
  if (window_ == 0) before_ = in_flight;
  ++refusals_;
  began_ = now;
  window_ = 1;
  probing_ = 0;
  grows_at_ = Instant::max();
}

void Pace::relimit(const std::vector<std::optional<std::size_t>>& from) {
  std::vector<Instant> closed;
  for (const auto& at : from) closed.push_back(at ? closed_[*at] : Instant::min());
  closed_ = std::move(closed);
}

void Pace::widen(int by) {
  window_ += by;
  if (window_ >= before_) window_ = 0;
  grows_at_ = Instant::max();
}

void Pace::turn(Instant now) {
  if (window_ > 0 && now >= grows_at_) widen(window_);
}

void Pace::admitted(Instant now) {
  if (window_ == 0) return;
  if (++probing_ == window_) grows_at_ = now + kSilence;
}

void Pace::ended(Instant admitted, bool well) {
  if (!is_news(admitted)) return;
  if (window_ > 0) probing_ = std::max(probing_ - 1, 0);
  if (!well) return;
  refusals_ = 0;
  if (window_ > 0) widen(1);
}

}  // namespace weir
