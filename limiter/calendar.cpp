#include "limiter/calendar.h"

#include "config/zone.h"

namespace weir {
namespace {

using namespace std::chrono_literals;

// Clocks drift against each other; what is less than this is not worth telling every bucket.
constexpr Duration kDrift = 10ms;
// No day is longer.
constexpr Duration kLongestDay = 26h;

}  // namespace

void Calendar::add(BucketId bucket, const std::string& zone, Instant now, WallTime wall) {
  auto [at, is_new] = days_.try_emplace(zone);
  Day& day = at->second;
  if (is_new) {
    day.ends = next_midnight(zone, wall);
    day.ends_at = now + (day.ends - wall);
    day.number = 1;
  }
  day.buckets.insert(bucket);
  tell(day, bucket, now);
}

void Calendar::remove(BucketId bucket) {
  for (auto& [zone, day] : days_) day.buckets.erase(bucket);
}

void Calendar::turn(Instant now, WallTime wall) {
  for (auto& [zone, day] : days_) {
    const Duration drift = (day.ends - wall) - (day.ends_at - now);
    const bool over = wall >= day.ends;
    if (!over && drift < kDrift && drift > -kDrift) continue;
    if (over) ++day.number;
    // A clock that was far ahead for a while must not put off the end for as long. What is set back by less is
    // yesterday again, which has had its amount.
    if (over || day.ends - wall > kLongestDay) day.ends = next_midnight(zone, wall);
    day.ends_at = now + (day.ends - wall);
    for (const BucketId bucket : day.buckets) tell(day, bucket, now);
  }
}

}  // namespace weir
