#include "limiter/rolling.h"

#include <algorithm>

namespace weir {
namespace {

using namespace std::chrono_literals;

constexpr int kSlotsOfPeriod = 600, kSlotsOfSecond = 10;
constexpr Duration kLongestAhead = std::chrono::hours(24 * 365);

std::int64_t at_once(const Limit& limit) {
  return limit.at_once > 0 ? std::min(limit.at_once, limit.burst) : limit.burst;
}

Duration ahead_time(std::int64_t times, Duration span) {
  return times > kLongestAhead / span ? kLongestAhead : times * span;
}

}  // namespace

Ring::Ring(Duration span, int slots)
    : slot_(std::max(span / slots, Duration(1))), units_(static_cast<std::size_t>(slots) + 1) {}

std::int64_t Ring::sum(Instant now) const {
  const std::int64_t gone = index(now) - last_;
  if (gone > span()) return 0;
  std::int64_t sum = sum_;
  for (std::int64_t i = 0; i < gone; ++i) sum -= units_[place(last_ - span() + i)];
  return sum;
}

void Ring::add(std::int64_t units, Instant at, Instant now) {
  const std::int64_t newest = index(now);
  if (newest - last_ > span()) {
    std::fill(units_.begin(), units_.end(), 0);
    sum_ = 0;
    last_ = newest;
  }
  while (last_ < newest) {
    std::int64_t& oldest = units_[place(++last_)];
    sum_ -= oldest;
    oldest = 0;
  }
  const std::int64_t slot = std::min(index(at), last_);
  if (slot < last_ - span()) return;
  units_[place(slot)] += units;
  sum_ += units;
}

Instant Ring::down_to(std::int64_t most, Instant now) const {
  std::int64_t left = sum(now);
  if (left <= std::max<std::int64_t>(most, 0)) return now;
  for (std::int64_t slot = std::max(index(now), last_) - span(); slot <= last_; ++slot) {
    left -= units_[place(slot)];
    if (left <= std::max<std::int64_t>(most, 0)) return Instant((slot + span() + 1) * slot_);
  }
  return Instant((last_ + span() + 1) * slot_);
}

Rolling::Rolling(const Limit& limit)
    : period_(limit.per, kSlotsOfPeriod), second_(std::min<Duration>(limit.per, 1s), kSlotsOfSecond) {}

Instant Rolling::ready_at(const Limit& limit, std::int64_t units, Instant now, std::int64_t ahead) const {
  // What is ahead fills whole periods first; the rest goes as the ring empties, and no faster than the cap lets it.
  const std::int64_t cap = std::max(at_once(limit), units);
  const std::int64_t periods = ahead > 0 ? (ahead + units - 1) / limit.amount : 0;
  const std::int64_t rest = ahead + units - periods * limit.amount;
  const Instant by_period = period_.down_to(limit.amount - rest, now) + ahead_time(periods, limit.per);
  const Instant by_second = second_.down_to(cap - units, now) + ahead_time(ahead / cap, 1s);
  return std::max(by_period, by_second);
}

void Rolling::take(std::int64_t units, Instant now) {
  period_.add(units, now, now);
  second_.add(units, now, now);
}

void Rolling::settle(const Limit& limit, std::int64_t charged, std::int64_t actual, Instant at, Instant now) {
  std::int64_t change = actual - charged;
  if (change > 0) change = std::min(change, std::max<std::int64_t>(limit.amount + limit.debt - period_.sum(now), 0));
  if (change == 0) return;
  period_.add(change, at, now);
  second_.add(change, at, now);
}

void Rolling::tighten(const Limit& limit, std::int64_t most, Instant now) {
  const std::int64_t excess = limit.amount - period_.sum(now) - std::max(most, -limit.debt);
  if (excess > 0) period_.add(excess, now, now);
}

std::int64_t Rolling::level(const Limit& limit, Instant now) const {
  return std::min(limit.amount - period_.sum(now), at_once(limit) - second_.sum(now));
}

}  // namespace weir
