#include "limiter/signals.h"

#include <algorithm>
#include <cmath>

namespace weir {
namespace {

using namespace std::chrono_literals;

__extension__ using Wide = __int128;

// A call that was admitted this long before an answer came may not have been counted yet when that was made.
constexpr Duration kOnTheWay = 100ms;
constexpr Duration kRestoreAfter = 2min;
constexpr int kHalf = 4, kSliceMost = 10 * kHalf;

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
  if (const Instant heard = feedback.heard_at.value_or(now); heard >= newest_ && !feedback.readings.empty()) {
    newest_ = heard;
    tighten(lane, store, feedback, now, report);
  }
  if (call.well && slice_ > 0 && now - sliced_ >= kRestoreAfter) {
    const std::int64_t coarser = (now - sliced_) / kRestoreAfter;
    slice(lane, static_cast<int>(std::max<std::int64_t>(slice_ - coarser, 0)), now);
  }
}

void Signals::tighten(Lane& lane, Store& store, const Feedback& feedback, Instant now,
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
          lane.change(i, sliced(with_amount(configured_[i], amount)), now);
        }
      }
      // What was admitted since the answer was made is not in it.
      if (reading.remaining)
        store.tighten(lane.buckets()[i], *reading.remaining - lane.recent.taken_since(newest_ - kOnTheWay, limit.unit),
                      now);
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
    const bool named =
        feedback.exhausted && dimension(*feedback.exhausted) == dimension(limit.unit) && limit.per <= 1min;
    bool exhausted = false, known = false;
    std::optional<Duration> resets_in;
    for (const Reading& reading : feedback.readings) {
      if (!concerns(reading, limit)) continue;
      exhausted = exhausted || is_exhausted(reading, limit, call.reserved);
      known = known || reading.remaining.has_value();
      something_left = something_left || reading.remaining.value_or(0) > 0;
      if (is_exhausted(reading, limit, call.reserved)) resets_in = std::max(resets_in, reading.resets_in);
    }
    // A provider that names the limit although enough of it is left counts it in finer slices.
    if (!exhausted && !(named && !known)) continue;
    found = true;
    Duration span = feedback.retry_after.value_or(resets_in.value_or(Duration()));
    if (span <= Duration()) {
      // One more of those that were under way, and nothing new about how long.
      if (!news && lane.pace.closed_until(i) > now) continue;
      span = lane.pace.back_off();
    }
    lane.pace.close(i, now + span);
    report(Paused{group_, limit.name, span, false});
  }
  if (found || (!news && !feedback.retry_after && lane.pace.closed_until() > now)) return;
  const Duration span = feedback.retry_after.value_or(lane.pace.back_off());
  lane.pace.close_all(now + span);
  const bool finer = something_left && news;
  if (finer) slice(lane, std::min(slice_ + kHalf, kSliceMost), now);
  report(Paused{group_, "", span, finer});
}

std::vector<Limit> Signals::restate(const GroupOptions& stated, const std::vector<Limit>& in_force) {
  std::vector<Limit> result;
  for (const Limit& limit : stated.limits) {
    const auto before = std::find(configured_.begin(), configured_.end(), limit);
    const auto place = static_cast<std::size_t>(before - configured_.begin());
    const bool goes_on =
        before != configured_.end() && (stated.adopt_higher_limits || in_force[place].amount <= limit.amount);
    result.push_back(goes_on ? in_force[place] : sliced(limit));
  }
  configured_ = stated.limits;
  return result;
}

Limit Signals::sliced(Limit limit) const {
  if (limit.shape == Shape::calendar) return limit;
  const std::int64_t second = std::max<std::int64_t>(scaled(limit.amount, Duration(1s).count(), limit.per.count()), 1);
  const auto part =
      static_cast<std::int64_t>(static_cast<double>(limit.burst) * std::exp2(-static_cast<double>(slice_) / kHalf));
  limit.at_once = slice_ == 0 ? 0 : std::min(std::max(part, second), limit.burst);
  return limit;
}

void Signals::slice(Lane& lane, int slice, Instant now) {
  slice_ = slice;
  sliced_ = now;
  for (std::size_t i = 0; i < configured_.size(); ++i) lane.change(i, sliced(lane.options().limits[i]), now);
}

}  // namespace weir
