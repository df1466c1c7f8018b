#include "limiter/bucket.h"

#include <algorithm>

#include "config/invariant.h"

namespace weir {
namespace {

__extension__ using Wide = __int128;

// An instant plus a few of the longest spans cannot overflow.
Duration saturated(Wide ns) { return Duration(static_cast<std::int64_t>(std::min<Wide>(ns, kLongest.count()))); }

}  // namespace

Duration refill_time(const Limit& limit, std::int64_t units) {
  INVARIANT(limit.amount >= 1 && limit.amount <= limit.per.count() && units >= 0, "limit {} = {} per {} ns, {} units",
            limit.name, limit.amount, limit.per.count(), units);
  // Almost always 64 bits are enough, and dividing them takes a third of the time.
  std::int64_t product = 0;
  if (!__builtin_mul_overflow(units, limit.per.count(), &product) &&
      !__builtin_add_overflow(product, limit.amount - 1, &product))
    return saturated(product / limit.amount);
  const Wide wide = static_cast<Wide>(units) * limit.per.count();
  return saturated((wide + limit.amount - 1) / limit.amount);
}

namespace {

Duration ahead_time(const Limit& limit, std::int64_t burst) {
  // A burst of single units is rounded up by less than one nanosecond each; without this slack its last unit would have
  // to wait for that. It must stay below floor(per / amount), the least that one unit more costs, or burst + 1 could
  // pass at once.
  const std::int64_t slack = std::min(burst - 1, limit.per.count() / limit.amount - 1);
  return refill_time(limit, burst) + Duration(std::max<std::int64_t>(slack, 0));
}

// Debt rounds down: one nanosecond more would be a unit below the floor.
Duration debt_time(const Limit& limit, std::int64_t units) {
  return saturated(static_cast<Wide>(units) * limit.per.count() / limit.amount);
}

}  // namespace

Duration burst_time(const Limit& limit) { return ahead_time(limit, limit.burst); }

Instant Bucket::ready_at(const Limit& limit, std::int64_t units, Instant now, std::int64_t ahead) const {
  // Admitted when full_at + T(units) <= now + burst_time. What is larger than may be taken at once goes when the bucket
  // is full.
  Instant full = std::max(full_at_, now);
  if (ahead > 0) full += refill_time(limit, ahead);
  const std::int64_t at_once = limit.at_once > 0 ? std::max(std::min(limit.at_once, limit.burst), units) : limit.burst;
  return std::max(now, full + refill_time(limit, units) - ahead_time(limit, at_once));
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
    const Instant floor = now + burst_time(limit) + debt_time(limit, limit.debt);
    full_at_ = std::max(full_at_, std::min(std::max(full_at_, now) + change, floor));
  } else if (full_at_ > now) {
    full_at_ = std::max(full_at_ + change, now);  // a surplus returns at once, up to full
  }
}

void Bucket::tighten(const Limit& limit, std::int64_t most, Instant now) {
  if (level(limit, now) <= most) return;
  most = std::max(most, -limit.debt);
  const Duration missing =
      most >= limit.burst ? Duration() : burst_time(limit) - refill_time(limit, std::max<std::int64_t>(most, 0));
  const Duration owed = most < 0 ? debt_time(limit, -most) : Duration();
  full_at_ = std::max(full_at_, now + missing + owed);
}

void Bucket::change(const Limit& from, const Limit& to, Instant now) {
  if (full_at_ <= now) return;
  const std::int64_t missing = from.burst - level(from, now);
  full_at_ =
      now + std::min(refill_time(to, std::max<std::int64_t>(missing, 0)), burst_time(to) + debt_time(to, to.debt));
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
