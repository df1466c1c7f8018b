#include "limiter/bucket.h"

#include <algorithm>
#include <limits>

#include "config/invariant.h"

namespace weir {
namespace {

__extension__ using Wide = __int128;

// Far enough for any real wait (36 years), near enough that an instant plus a few of them cannot overflow.
constexpr std::int64_t kLongest = std::numeric_limits<std::int64_t>::max() / 8;

Duration saturated(Wide ns) { return Duration(static_cast<std::int64_t>(std::min<Wide>(ns, kLongest))); }

}  // namespace

Duration refill_time(const Limit& limit, std::int64_t units) {
  INVARIANT(limit.amount >= 1 && limit.amount <= limit.per.count() && units >= 0, "limit {} = {} per {} ns, {} units", limit.name,
            limit.amount, limit.per.count(), units);
  const Wide product = static_cast<Wide>(units) * limit.per.count();
  return saturated((product + limit.amount - 1) / limit.amount);
}

Duration burst_time(const Limit& limit) {
  // A burst of single units is rounded up by less than one nanosecond each; without this slack its last unit would have
  // to wait for that. It must stay below floor(per / amount), the least that one unit more costs, or burst + 1 could
  // pass at once.
  const std::int64_t slack = std::min(limit.burst - 1, limit.per.count() / limit.amount - 1);
  return refill_time(limit, limit.burst) + Duration(std::max<std::int64_t>(slack, 0));
}

Instant Bucket::ready_at(const Limit& limit, std::int64_t units, Instant now) const {
  // Admitted when full_at + T(units) <= now + burst_time.
  const Instant full = std::max(full_at_, now);
  return std::max(now, full + refill_time(limit, units) - burst_time(limit));
}

bool Bucket::take(const Limit& limit, std::int64_t units, Instant now) {
  if (!fits(limit, units) || ready_at(limit, units, now) > now) return false;
  full_at_ = std::max(full_at_, now) + refill_time(limit, units);
  return true;
}

void Bucket::force(const Limit& limit, std::int64_t units, Instant now) { settle(limit, 0, units, now); }

void Bucket::settle(const Limit& limit, std::int64_t charged, std::int64_t actual, Instant now) {
  if (charged == actual) return;
  const Duration change = refill_time(limit, actual) - refill_time(limit, charged);
  if (change > Duration::zero()) {
    // An overrun starts from full at the earliest; it may become debt, down to the floor. A bucket that is deeper in
    // debt already (its limit's floor was raised) is not lifted.
    const Instant floor = now + burst_time(limit) + refill_time(limit, limit.debt);
    full_at_ = std::max(full_at_, std::min(std::max(full_at_, now) + change, floor));
  } else if (full_at_ > now) {
    full_at_ = std::max(full_at_ + change, now);  // a surplus returns at once, up to full
  }
}

std::int64_t Bucket::level(const Limit& limit, Instant now) const {
  if (full_at_ <= now) return limit.burst;
  // The largest n with full_at + T(n) <= now + burst_time: what is left of the burst after what has yet to flow in.
  const Wide left = static_cast<Wide>((burst_time(limit) - (full_at_ - now)).count()) * limit.amount;
  const Wide per = limit.per.count();
  const Wide units = left >= 0 ? left / per : -((-left + per - 1) / per);
  return static_cast<std::int64_t>(std::min<Wide>(units, limit.burst));
}

}  // namespace weir
