#include "limiter/signals.h"

#include <algorithm>

namespace weir {
namespace {

using namespace std::chrono_literals;

__extension__ using Wide = __int128;

constexpr Duration kRestoreAfter = 60s;
constexpr int kWhole = 16, kRestored = 2;

Unit dimension(Unit unit) { return unit == Unit::tokens_or_cap ? Unit::tokens : unit; }

bool concerns(const Reading& reading, const Limit& limit) {
  return dimension(reading.unit) == dimension(limit.unit) && reading.per.value_or(1min) == limit.per;
}

std::int64_t scaled(std::int64_t amount, std::int64_t part, std::int64_t whole) {
  return static_cast<std::int64_t>(static_cast<Wide>(amount) * part / whole);
}

// The same limit with another amount: burst and debt keep their proportion to it.
Limit with_amount(const Limit& configured, std::int64_t amount) {
  Limit limit = configured;
  limit.amount = amount;
  limit.burst = std::max<std::int64_t>(scaled(configured.burst, amount, configured.amount), 1);
  limit.debt = scaled(configured.debt, amount, configured.amount);
  return limit;
}

bool is_exhausted(const Reading& reading, const Limit& limit, const Estimate& reserved) {
  return reading.remaining && *reading.remaining < reserved_units(limit.unit, reserved);
}

}  // namespace

void Signals::apply(Lane& lane, Store& store, const Answered& call, const Feedback& feedback, Instant now,
                    const std::function<void(Decision)>& report) {
  if (feedback.rate_limited) refused(lane, call, feedback, now, report);
  lane.pace.ended(call.admitted, call.well);
  if (call.serial > newest_ && !feedback.readings.empty()) {
    newest_ = call.serial;
    tighten(lane, store, call, feedback, now, report);
  }
  if (call.well && sixteenths_ < kWhole && now - sliced_ >= kRestoreAfter)
    slice(lane, std::min(sixteenths_ + kRestored, kWhole), now);
}

void Signals::tighten(Lane& lane, Store& store, const Answered& call, const Feedback& feedback, Instant now,
                      const std::function<void(Decision)>& report) {
  for (const Reading& reading : feedback.readings) {
    for (std::size_t i = 0; i < configured_.size(); ++i) {
      const Limit& limit = lane.options().limits[i];
      if (!concerns(reading, limit)) continue;
      if (reading.limit && *reading.limit > 0 && *reading.limit <= limit.per.count()) {
        const std::int64_t amount =
            lane.options().adopt_higher_limits ? *reading.limit : std::min(*reading.limit, configured_[i].amount);
        if (amount != limit.amount) {
          report(Adopted{group_, limit.name, limit.amount, amount});
          Limit adopted = with_amount(configured_[i], amount);
          if (sixteenths_ < kWhole)
            adopted.at_once = std::max<std::int64_t>(scaled(adopted.burst, sixteenths_, kWhole), 1);
          lane.change(i, adopted, now);
        }
      }
      // What was admitted after the call that brought this may not be in it yet.
      if (reading.remaining)
        store.tighten(lane.buckets()[i], *reading.remaining - lane.recent.taken_since(call.serial, limit.unit), now);
    }
  }
}

void Signals::refused(Lane& lane, const Answered& call, const Feedback& feedback, Instant now,
                      const std::function<void(Decision)>& report) {
  const bool news = lane.pace.is_news(call.admitted);
  // The refused call itself has been given back its slot.
  if (news) lane.pace.paused(now, lane.slots.taken() + 1);

  bool found = false, something_left = false;
  for (std::size_t i = 0; i < configured_.size(); ++i) {
    const Limit& limit = lane.options().limits[i];
    bool exhausted = feedback.exhausted && dimension(*feedback.exhausted) == dimension(limit.unit) && limit.per <= 1min;
    std::optional<Duration> resets_in;
    for (const Reading& reading : feedback.readings) {
      if (!concerns(reading, limit)) continue;
      exhausted = exhausted || is_exhausted(reading, limit, call.reserved);
      something_left = something_left || reading.remaining.value_or(0) > 0;
      resets_in = reading.resets_in;
    }
    if (!exhausted) continue;
    found = true;
    // What is full again at its reset has room before that for a single call: but a provider that says when, is
    // believed.
    Duration span = std::max(resets_in.value_or(Duration()), feedback.retry_after.value_or(Duration()));
    if (span <= Duration()) span = lane.pace.back_off();
    lane.pace.close(i, now + span);
    report(Paused{group_, limit.name, span, false});
  }
  if (found) return;
  const Duration span = feedback.retry_after.value_or(lane.pace.back_off());
  lane.pace.close_all(now + span);
  const bool finer = something_left && news;
  if (finer) slice(lane, std::max(sixteenths_ / 2, 1), now);
  report(Paused{group_, "", span, finer});
}

void Signals::slice(Lane& lane, int sixteenths, Instant now) {
  sixteenths_ = sixteenths;
  sliced_ = now;
  for (std::size_t i = 0; i < configured_.size(); ++i) {
    Limit limit = lane.options().limits[i];
    if (limit.shape == Shape::calendar) continue;
    limit.at_once = sixteenths == kWhole ? 0 : std::max<std::int64_t>(scaled(limit.burst, sixteenths, kWhole), 1);
    lane.change(i, limit, now);
  }
}

}  // namespace weir
