#include "limiter/meter.h"

#include <algorithm>

#include "config/invariant.h"

namespace weir {
namespace {

using namespace std::chrono_literals;

__extension__ using Wide = __int128;

constexpr Duration kRampWindow = 10s, kDay = 24h;
constexpr std::int64_t kDaysMax = 3650;
// So many windows ahead a wait is thought through.
constexpr int kWindowsMax = 1000;

std::variant<Bucket, Rolling, Day> first_state(const Limit& limit) {
  if (limit.shape == Shape::rolling) return Rolling(limit);
  if (limit.shape == Shape::calendar) return Day{};
  return Bucket{};
}

Instant ready_at(const Day& day, const Limit& limit, std::int64_t units, Instant now, std::int64_t ahead) {
  // What goes beyond today's amount is no debt of tomorrow's.
  const std::int64_t beyond = ahead + units - std::max<std::int64_t>(limit.amount - day.used, 0);
  if (units == 0 || beyond <= 0) return now;
  const std::int64_t days = (beyond - 1) / limit.amount;
  // Should the calendar's clock lag behind, the day is over when turn() says so.
  return std::max(now + 1ms, day.ends) + std::min<std::int64_t>(days, kDaysMax) * kDay;
}

std::int64_t ramp_step(const Limit& limit) {
  const Wide step = static_cast<Wide>(limit.amount) * limit.growth * kRampWindow.count() / limit.per.count() / 100;
  return std::max<std::int64_t>(static_cast<std::int64_t>(step), 1);
}

std::int64_t ramp_window(Instant at) { return at.time_since_epoch() / kRampWindow; }

// Whatever is larger than the allowance goes when it is the first of its window.
Instant ramp_ready_at(const Ramp& ramp, const Limit& limit, std::int64_t units, Instant now, std::int64_t ahead) {
  const std::int64_t window = ramp_window(now), step = ramp_step(limit);
  const std::int64_t used = ramp.window == window ? ramp.used : 0;
  const std::int64_t before = ramp.window == window ? ramp.before : ramp.window + 1 == window ? ramp.used : 0;
  if (units == 0 || used + ahead == 0 || used + ahead + units <= before + step) return now;
  std::int64_t rest = ahead, taken = used;
  std::int64_t goes = std::clamp<std::int64_t>(before + step - used, 0, rest);
  for (int i = 1; i < kWindowsMax; ++i) {
    rest -= goes;
    taken += goes;
    const std::int64_t allowed = taken + step;
    if (rest == 0 || rest + units <= allowed) return Instant((window + i) * kRampWindow);
    taken = 0;
    goes = std::min(allowed, rest);
  }
  return Instant((window + kWindowsMax) * kRampWindow);
}

void ramp_take(Ramp& ramp, std::int64_t units, Instant now) {
  const std::int64_t window = ramp_window(now);
  if (ramp.window != window) ramp = {window, 0, ramp.window + 1 == window ? ramp.used : 0};
  ramp.used += units;
}

}  // namespace

std::int64_t most_at_once(const Limit& limit) {
  if (limit.shape == Shape::calendar) return limit.amount;
  return limit.shape == Shape::rolling ? std::min(limit.burst, limit.amount) : limit.burst;
}

std::int64_t whole(const Limit& limit) { return limit.shape == Shape::bucket ? limit.burst : limit.amount; }

Meter::Meter(const Limit& limit) : state_(first_state(limit)) {}

Instant Meter::ready_at(const Limit& limit, std::int64_t units, Instant now, std::int64_t ahead) const {
  Instant ready = now;
  if (const auto* bucket = std::get_if<Bucket>(&state_))
    ready = bucket->ready_at(limit, units, now, ahead);
  else if (const auto* rolling = std::get_if<Rolling>(&state_))
    ready = rolling->ready_at(limit, units, now, ahead);
  else
    ready = weir::ready_at(std::get<Day>(state_), limit, units, now, ahead);
  if (limit.growth > 0) ready = std::max(ready, ramp_ready_at(ramp_, limit, units, now, ahead));
  return ready;
}

void Meter::take(const Limit& limit, std::int64_t units, Instant now) {
  if (auto* bucket = std::get_if<Bucket>(&state_)) {
    bucket->charge(limit, units, now);
  } else if (auto* rolling = std::get_if<Rolling>(&state_)) {
    rolling->take(limit, units, now);
  } else {
    std::get<Day>(state_).used += units;
  }
  if (limit.growth > 0) ramp_take(ramp_, units, now);
}

void Meter::settle(const Limit& limit, std::int64_t charged, std::int64_t actual, Instant at, Instant now) {
  if (charged == actual) return;
  if (auto* bucket = std::get_if<Bucket>(&state_)) {
    bucket->settle(limit, charged, actual, now);
  } else if (auto* rolling = std::get_if<Rolling>(&state_)) {
    rolling->settle(limit, charged, actual, at, now);
  } else if (auto& day = std::get<Day>(state_); at >= day.began) {
    day.used = std::clamp<std::int64_t>(day.used + actual - charged, 0, std::max(day.used, limit.amount + limit.debt));
  }
  if (limit.growth == 0) return;
  const std::int64_t window = ramp_window(at);
  if (window != ramp_.window && window + 1 != ramp_.window) return;
  std::int64_t& taken = window == ramp_.window ? ramp_.used : ramp_.before;
  taken = std::max<std::int64_t>(taken + actual - charged, 0);
}

void Meter::tighten(const Limit& limit, std::int64_t most, Instant now) {
  if (auto* bucket = std::get_if<Bucket>(&state_))
    bucket->tighten(limit, most, now);
  else if (auto* rolling = std::get_if<Rolling>(&state_))
    rolling->tighten(limit, most, now);
  else
    std::get<Day>(state_).used = std::max(std::get<Day>(state_).used, limit.amount - std::max(most, -limit.debt));
}

void Meter::change(const Limit& from, const Limit& to, Instant now) {
  INVARIANT(from.shape == to.shape && from.per == to.per, "limit {} changes its shape", from.name);
  if (auto* bucket = std::get_if<Bucket>(&state_)) bucket->change(from, to, now);
}

std::int64_t Meter::level(const Limit& limit, Instant now) const {
  if (const auto* bucket = std::get_if<Bucket>(&state_)) {
    const std::int64_t level = bucket->level(limit, now);
    if (limit.at_once == 0 || level <= 0) return level;
    return std::clamp<std::int64_t>(limit.at_once - (limit.burst - level), 0, level);
  }
  if (const auto* rolling = std::get_if<Rolling>(&state_)) return rolling->level(limit, now);
  return limit.amount - std::get<Day>(state_).used;
}

std::int64_t Meter::taken(const Limit& limit, Instant now) const {
  if (const auto* bucket = std::get_if<Bucket>(&state_)) return limit.burst - bucket->level(limit, now);
  if (const auto* rolling = std::get_if<Rolling>(&state_)) return rolling->taken(limit, now);
  return std::get<Day>(state_).used;
}

void Meter::turn(std::int64_t number, Instant ends, Instant now) {
  auto* day = std::get_if<Day>(&state_);
  if (day == nullptr) return;
  if (day->number != number) *day = {number, now, ends, 0};
  day->ends = ends;
}

}  // namespace weir
