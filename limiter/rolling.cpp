#include "limiter/rolling.h"

#include <algorithm>

namespace weir {
namespace {

using namespace std::chrono_literals;

__extension__ using Wide = __int128;

// As a bucket that holds a whole period, of which only so much goes at once while the provider counts in finer slices.
Limit whole(const Limit& limit) {
  return {.name = {},
          .unit = limit.unit,
          .amount = limit.amount,
          .per = limit.per,
          .burst = limit.amount,
          .debt = limit.debt,
          .shape = Shape::bucket,
          .zone = {},
          .at_once = limit.at_once};
}

constexpr int kSlotsOfPeriod = 600, kSlotsOfSecond = 10;
constexpr std::int64_t kRoundsMax = std::int64_t{1} << 20;
// How many steps of filling up again are thought through before a wait is only estimated.
constexpr int kStepsMax = 2000;

}  // namespace

Ring::Ring(Duration span, int slots)
    : slot_((span + Duration(slots - 1)) / slots), units_(static_cast<std::size_t>(slots) + 1) {}

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
  std::int64_t& held = units_[place(slot)];
  // What a floor kept from being charged may come back all the same.
  units = std::max(units, -held);
  held += units;
  sum_ += units;
}

Instant Ring::leaves(Instant at, std::int64_t times) const {
  return Instant((index(at) + std::min(times, kRoundsMax) * (span() + 1)) * slot_);
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
    : period_(limit.per + limit.per / kSlotsOfPeriod, kSlotsOfPeriod + 1),
      second_(std::min<Duration>(limit.per, 1s), kSlotsOfSecond) {}

Instant Rolling::ready_at(const Limit& limit, std::int64_t units, Instant now, std::int64_t ahead) const {
  Instant ready = limit.at_once > 0 ? pace_.ready_at(whole(limit), units, now, ahead) : now;
  if (foreign_until_ > now) ready = std::max(ready, ready_beside_foreign(limit, ahead + units, now));
  if (ahead > 0) return std::max(ready, behind(limit, units, now, ahead));
  const std::int64_t cap = std::max(limit.burst, units);
  return std::max({ready, period_.down_to(limit.amount - units, now), second_.down_to(cap - units, now)});
}

std::int64_t Rolling::foreign(const Limit& limit, Instant now) const {
  if (foreign_until_ <= now) return 0;
  const Wide units = static_cast<Wide>((foreign_until_ - now).count()) * limit.amount;
  return static_cast<std::int64_t>(units / limit.per.count());
}

// The earliest instant at which what the ring holds, what is held back and these units fit together.
Instant Rolling::ready_beside_foreign(const Limit& limit, std::int64_t units, Instant now) const {
  std::int64_t room = limit.amount - period_.sum(now) - std::min(units, limit.amount);
  const auto ready_with = [&](Instant at) {
    return room < 0 ? Instant::max() : std::max(at, foreign_until_ - refill_time(limit, room));
  };
  Instant ready = ready_with(now);
  period_.each(now, [&](Instant leaves, std::int64_t left) {
    room += left;
    if (leaves < ready) ready = std::min(ready, ready_with(leaves));
  });
  return ready;
}

// Once `amount` units have gone, the next as many go as they did, a round of the ring later.
Instant Rolling::behind(const Limit& limit, std::int64_t units, Instant now, std::int64_t ahead) const {
  const std::int64_t all = ahead + units, cap = std::max(limit.burst, units);
  const std::int64_t periods = (all - 1) / limit.amount, seconds = (all - 1) / cap;
  const std::int64_t rest = all - periods * limit.amount;
  const std::int64_t last = std::min(units, rest);
  Instant by_period = filled(limit, last, now, rest - last).value_or(period_.down_to(limit.amount - rest, now));
  if (periods > 0) by_period = period_.leaves(by_period, periods);
  Instant by_second = second_.down_to(cap - (all - seconds * cap), now);
  if (seconds > 0) by_second = second_.leaves(by_second, seconds);
  return std::max(by_period, by_second);
}

// The instant at which `units` have room after `ahead`, all together no more than `amount`; nothing, if that takes too
// many steps to find.
std::optional<Instant> Rolling::filled(const Limit& limit, std::int64_t units, Instant now, std::int64_t ahead) const {
  using Leaving = std::pair<Instant, std::int64_t>;
  std::vector<Leaving> of_period, of_second;
  const auto into = [](std::vector<Leaving>& list) {
    return [&list](Instant at, std::int64_t n) { list.emplace_back(at, n); };
  };
  period_.each(now, into(of_period));
  second_.each(now, into(of_second));
  std::size_t next_period = 0, next_second = 0;
  std::int64_t in_period = period_.sum(now), in_second = second_.sum(now);
  const std::int64_t cap = limit.burst;
  for (int step = 0; step < kStepsMax; ++step) {
    const std::int64_t go = std::clamp<std::int64_t>(std::min(limit.amount - in_period, cap - in_second), 0, ahead);
    if (go > 0) {
      ahead -= go;
      in_period += go;
      in_second += go;
      of_second.emplace_back(second_.leaves(now), go);
    }
    const std::int64_t wanted = ahead > 0 ? 1 : units;
    const bool by_period = limit.amount - in_period < wanted;
    if (!by_period && std::max(cap, wanted) - in_second >= wanted) return now;
    const auto& leaving = by_period ? of_period : of_second;
    const std::size_t next = by_period ? next_period : next_second;
    if (next == leaving.size()) return std::nullopt;
    now = leaving[next].first;
    for (; next_period < of_period.size() && of_period[next_period].first <= now; ++next_period)
      in_period -= of_period[next_period].second;
    for (; next_second < of_second.size() && of_second[next_second].first <= now; ++next_second)
      in_second -= of_second[next_second].second;
  }
  return std::nullopt;
}

void Rolling::take(const Limit& limit, std::int64_t units, Instant now) {
  period_.add(units, now, now);
  second_.add(units, now, now);
  if (limit.at_once > 0) pace_.charge(whole(limit), units, now);
}

void Rolling::settle(const Limit& limit, std::int64_t charged, std::int64_t actual, Instant at, Instant now) {
  if (limit.at_once > 0) pace_.settle(whole(limit), charged, actual, now);
  std::int64_t change = actual - charged;
  if (change > 0) change = std::min(change, std::max<std::int64_t>(limit.amount + limit.debt - period_.sum(now), 0));
  if (change == 0) return;
  period_.add(change, at, now);
  second_.add(change, at, now);
}

void Rolling::tighten(const Limit& limit, std::int64_t most, Instant now) {
  const std::int64_t excess = limit.amount - period_.sum(now) - std::max(most, -limit.debt);
  if (excess > 0) foreign_until_ = std::max(foreign_until_, now + refill_time(limit, excess));
}

std::int64_t Rolling::level(const Limit& limit, Instant now) const {
  std::int64_t left = std::min(limit.amount - period_.sum(now) - foreign(limit, now),
                               std::max<std::int64_t>(limit.burst - second_.sum(now), 0));
  if (limit.at_once > 0)
    left = std::min(left, pace_.level(whole(limit), now) - (limit.amount - std::min(limit.at_once, limit.burst)));
  return left;
}

}  // namespace weir
