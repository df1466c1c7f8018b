#include "limiter/bucket.h"

#include <catch2/catch.hpp>
#include <deque>
#include "tests/fakes/property.h"

using namespace weir;
using namespace std::chrono_literals;

namespace {

__extension__ using Wide = __int128;

const Instant t0{std::chrono::hours(1000)};

Limit per_minute(std::int64_t amount, std::int64_t burst, std::int64_t debt = 1'000'000'000) {
  return {"tpm", Unit::tokens, amount, std::chrono::minutes(1), burst, debt};
}

// Limits of every size and awkwardness, as providers have them: from 1 a day to 200 million a minute.
Limit any_limit() {
  const auto amount =
      *rc::gen::oneOf(rc::gen::inRange<std::int64_t>(1, 100), rc::gen::inRange<std::int64_t>(100, 200'000'000));
  const auto burst =
      *rc::gen::oneOf(rc::gen::inRange<std::int64_t>(1, 50), rc::gen::inRange<std::int64_t>(1, 10'000'000));
  const auto per = *rc::gen::element<Duration>(1s, 1min, 1h, 24h, 777777777ns);
  // At most a month's worth at once: the tests add up many bursts, and time ends after 292 years.
  const auto most =
      static_cast<std::int64_t>(static_cast<double>(amount) * (30.0 * 24 * 3600e9 / static_cast<double>(per.count())));
  return {"x",
          Unit::tokens,
          amount,
          per,
          std::clamp<std::int64_t>(most, 1, burst),
          *rc::gen::inRange<std::int64_t>(0, 1'000'000)};
}

}  // namespace

TEST_CASE("a new bucket holds its burst, and not one more", "[bucket]") {
  const Limit limit = per_minute(60, 10);
  Bucket bucket;
  CHECK(bucket.level(limit, t0) == 10);
  for (int i = 0; i < 10; ++i) CHECK(bucket.take(limit, 1, t0));
  CHECK_FALSE(bucket.take(limit, 1, t0));
  CHECK(bucket.level(limit, t0) == 0);
}

TEST_CASE("a burst of single units is whole also where a unit is no whole number of nanoseconds", "[bucket]") {
  const Limit limit = per_minute(7, 3);
  Bucket bucket;
  for (int i = 0; i < 3; ++i) CHECK(bucket.take(limit, 1, t0));
  CHECK_FALSE(bucket.take(limit, 1, t0));
}

TEST_CASE("the wait that is named is exact to the nanosecond", "[bucket]") {
  const Limit limit = per_minute(60, 10);
  Bucket bucket;
  REQUIRE(bucket.take(limit, 10, t0));
  const Instant ready = bucket.ready_at(limit, 3, t0);
  CHECK(ready == t0 + 3s - 9ns);  // the slack of nine rounded units
  Bucket early = bucket;
  CHECK_FALSE(early.take(limit, 3, ready - 1ns));
  CHECK(bucket.take(limit, 3, ready));
}

TEST_CASE("more than the burst never fits, exactly the burst does", "[bucket]") {
  const Limit limit = per_minute(1000, 50);
  Bucket bucket;
  CHECK_FALSE(bucket.fits(limit, 51));
  CHECK_FALSE(bucket.take(limit, 51, t0));
  CHECK(bucket.take(limit, 50, t0));
}

TEST_CASE("a surplus returns at once, an overrun becomes debt", "[bucket]") {
  const Limit limit = per_minute(600, 100);
  Bucket bucket;
  REQUIRE(bucket.take(limit, 100, t0));
  bucket.settle(limit, 100, 40, t0);
  CHECK(bucket.level(limit, t0) == 60);
  bucket.settle(limit, 0, 90, t0);
  CHECK(bucket.level(limit, t0) == -30);
  CHECK(bucket.ready_at(limit, 1, t0) > t0 + 3s);
  CHECK(bucket.level(limit, t0 + 3s) == 0);
}

TEST_CASE("a refund never lifts a bucket above full", "[bucket]") {
  const Limit limit = per_minute(600, 100);
  Bucket bucket;
  REQUIRE(bucket.take(limit, 100, t0));
  bucket.settle(limit, 100, 0, t0 + 5s);  // half had flowed in already
  CHECK(bucket.level(limit, t0 + 5s) == 100);
  CHECK(bucket.take(limit, 100, t0 + 5s));
  CHECK_FALSE(bucket.take(limit, 1, t0 + 5s));
}

TEST_CASE("debt has a floor", "[bucket]") {
  const Limit limit = per_minute(600, 100, 50);
  Bucket bucket;
  REQUIRE(bucket.take(limit, 100, t0));
  bucket.settle(limit, 100, 150, t0);
  CHECK(bucket.level(limit, t0) == -50);
  bucket.settle(limit, 0, 1'000'000'000, t0);
  CHECK(bucket.level(limit, t0) == -50);
  CHECK(bucket.ready_at(limit, 1, t0) <= t0 + 5100ms);
}

TEST_CASE("a settlement leaves what charging the actual amount would have left", "[bucket][property]") {
  fakes::property("settle(take(reserved), actual) == take(actual)", [] {
    Limit limit = any_limit();
    limit.debt = std::int64_t{1} << 40;
    const auto reserved = *rc::gen::inRange<std::int64_t>(0, limit.burst + 1);
    const auto actual = *rc::gen::inRange<std::int64_t>(0, limit.burst + 1);
    const auto before = *rc::gen::inRange<std::int64_t>(0, limit.burst - std::max(reserved, actual) + 1);
    Bucket settled, direct;
    RC_ASSERT(settled.take(limit, before, t0));
    RC_ASSERT(direct.take(limit, before, t0));
    RC_PRE(settled.ready_at(limit, reserved, t0) == t0 && direct.ready_at(limit, actual, t0) == t0);
    RC_ASSERT(settled.take(limit, reserved, t0));
    settled.settle(limit, reserved, actual, t0);
    RC_ASSERT(direct.take(limit, actual, t0));
    RC_ASSERT(std::max(settled.full_at(), t0) == std::max(direct.full_at(), t0));
  });
}

TEST_CASE("whatever is asked and when, admitted stays within burst + rate * time over every horizon",
          "[bucket][property]") {
  fakes::property("never above", [] {
    const Limit limit = any_limit();
    Bucket bucket;
    Instant now = t0;
    std::vector<std::pair<Instant, std::int64_t>> admitted;
    for (int i = 0; i < 200; ++i) {
      // Steps of nothing, of nanoseconds, and of up to two bursts' time: eager pollers, and idlers.
      now += Duration(
          *rc::gen::oneOf(rc::gen::just<std::int64_t>(0), rc::gen::inRange<std::int64_t>(0, 50),
                          rc::gen::inRange<std::int64_t>(0, refill_time(limit, limit.burst).count() * 2 / 100 + 2)));
      const auto units =
          *rc::gen::oneOf(rc::gen::inRange<std::int64_t>(1, 3), rc::gen::inRange<std::int64_t>(1, limit.burst + 1));
      if (bucket.take(limit, units, now)) admitted.emplace_back(now, units);
    }
    for (std::size_t from = 0; from < admitted.size(); ++from) {
      Wide sum = 0;
      for (std::size_t to = from; to < admitted.size(); ++to) {
        sum += admitted[to].second;
        // sum <= burst + rate * time + 1, multiplied by per
        const auto span = (admitted[to].first - admitted[from].first).count();
        RC_ASSERT((sum - limit.burst - 1) * limit.per.count() < static_cast<Wide>(span) * limit.amount);
        if (span == 0) RC_ASSERT(sum <= limit.burst);
      }
    }
  });
}

TEST_CASE("an eager poller loses no refill, and gains none", "[bucket]") {
  // The failure of limiters that floor elapsed time, or tokens, at every look.
  const Limit limit = per_minute(100, 1);
  Bucket bucket;
  int admitted = 0;
  for (Instant now = t0; now < t0 + 10min; now += 1ms) admitted += bucket.take(limit, 1, now);
  CHECK(admitted >= 1 + 1000 - 1 - 10 * 100 * 1 / 600);  // each admission may come up to 1 ms late: 0.17 % of 600 ms
  CHECK(admitted <= 1 + 1000);
}

TEST_CASE("every wait that is named holds: ready then, not a nanosecond before", "[bucket][property]") {
  fakes::property("exact waits", [] {
    const Limit limit = any_limit();
    Bucket bucket;
    Instant now = t0;
    for (int i = 0; i < 50; ++i) {
      const auto units = *rc::gen::inRange<std::int64_t>(1, limit.burst + 1);
      const Instant ready = bucket.ready_at(limit, units, now);
      RC_ASSERT(ready >= now);
      if (ready > now) {
        Bucket early = bucket;
        RC_ASSERT_FALSE(early.take(limit, units, ready - 1ns));
        RC_ASSERT(early == bucket);
      }
      RC_ASSERT(bucket.take(limit, units, ready));
      now = ready + Duration(*rc::gen::inRange<std::int64_t>(0, 1000));
      // Overruns and surpluses in between: debt waits are exact too.
      bucket.settle(limit, units, *rc::gen::inRange<std::int64_t>(0, 2 * limit.burst), now);
    }
  });
}

TEST_CASE("the level is what can be taken at once", "[bucket][property]") {
  fakes::property("level(n) takes, level + 1 does not", [] {
    const Limit limit = any_limit();
    Bucket bucket;
    RC_ASSERT(bucket.take(limit, *rc::gen::inRange<std::int64_t>(1, limit.burst + 1), t0));
    const Instant now = t0 + Duration(*rc::gen::inRange<std::int64_t>(0, refill_time(limit, limit.burst).count() + 1));
    const std::int64_t level = bucket.level(limit, now);
    if (level > 0) {
      Bucket copy = bucket;
      RC_ASSERT(copy.take(limit, level, now));
    }
    if (level < limit.burst) RC_ASSERT_FALSE(bucket.take(limit, level + 1, now));
  });
}

TEST_CASE("absurd amounts saturate instead of overflowing", "[bucket]") {
  const Limit limit{"x", Unit::tokens, 1, std::chrono::hours(24), std::int64_t{1} << 62, std::int64_t{1} << 62};
  CHECK(refill_time(limit, std::int64_t{1} << 62) > std::chrono::hours(24 * 365 * 30));
  Bucket bucket;
  bucket.force(limit, std::int64_t{1} << 62, t0);
  CHECK(bucket.full_at() > t0);
}

TEST_CASE("tightening leaves the lower of what there was and what is named", "[bucket][property]") {
  fakes::property("level == min", [] {
    Limit limit = any_limit();
    limit.debt %= 10 * limit.burst;  // within what time can say
    Bucket bucket;
    bucket.force(limit, *rc::gen::inRange<std::int64_t>(0, limit.burst + 1), t0);
    const Instant now = t0 + Duration(*rc::gen::inRange<std::int64_t>(0, refill_time(limit, limit.burst).count() + 1));
    const std::int64_t before = bucket.level(limit, now);
    const auto most = *rc::gen::inRange<std::int64_t>(-2 * limit.debt - 1, 2 * limit.burst);
    const Instant full_before = bucket.full_at();
    bucket.tighten(limit, most, now);
    RC_ASSERT(bucket.full_at() >= full_before);
    RC_ASSERT(bucket.level(limit, now) == std::min(before, std::max(most, -limit.debt)));
  });
}

TEST_CASE("under another limit, as much is missing as was missing before", "[bucket][property]") {
  fakes::property("change", [] {
    Limit from = any_limit(), to = from;
    from.debt = to.debt = std::int64_t{1} << 30;
    to.amount = *rc::gen::inRange<std::int64_t>(1, 2 * from.amount + 1);
    to.burst = *rc::gen::inRange<std::int64_t>(1, from.burst + 1);
    Bucket bucket;
    bucket.force(from, *rc::gen::inRange<std::int64_t>(0, from.burst + 1), t0);
    const std::int64_t missing = from.burst - bucket.level(from, t0);
    bucket.change(from, to, t0);
    RC_ASSERT(to.burst - bucket.level(to, t0) >= missing);
    RC_ASSERT(to.burst - bucket.level(to, t0) <= missing + 1);
  });
}

TEST_CASE("a bucket that is full stays full under another limit", "[bucket]") {
  const Limit from = per_minute(60, 10), to = per_minute(6, 3);
  Bucket bucket;
  REQUIRE(bucket.take(from, 10, t0));
  bucket.change(from, to, t0 + 10s);
  CHECK(bucket.level(to, t0 + 10s) == 3);
}
