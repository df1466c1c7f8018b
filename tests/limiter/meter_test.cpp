#include "limiter/meter.h"

#include <catch2/catch.hpp>

#include "tests/fakes/property.h"

using namespace weir;
using namespace std::chrono_literals;

namespace {

// The first instant of one of the ten-second windows by which growth is judged.
const Instant t0{std::chrono::hours(1000)};

Limit daily(std::int64_t amount, std::int64_t debt = 0) {
  return {"rpd", Unit::requests, amount, 24h, amount, debt, Shape::calendar, "UTC"};
}

Limit growing(std::int64_t amount, int growth, std::int64_t burst) {
  Limit limit{"tpm", Unit::tokens, amount, 1min, burst, 0};
  limit.growth = growth;
  return limit;
}

bool take(Meter& meter, const Limit& limit, std::int64_t units, Instant now) {
  if (!meter.fits(limit, units) || meter.ready_at(limit, units, now) > now) return false;
  meter.take(limit, units, now);
  return true;
}

Meter day_of(const Limit& limit, Instant ends) {
  Meter meter(limit);
  meter.turn(1, ends, t0);
  return meter;
}

}  // namespace

TEST_CASE("a day admits its amount and not one more, and nothing comes back before it ends", "[meter]") {
  const Limit limit = daily(3);
  Meter meter = day_of(limit, t0 + 10h);
  for (int i = 0; i < 3; ++i) CHECK(take(meter, limit, 1, t0 + i * 1h));
  CHECK_FALSE(take(meter, limit, 1, t0 + 3h));
  CHECK(meter.level(limit, t0 + 3h) == 0);
  CHECK(meter.ready_at(limit, 1, t0 + 3h) == t0 + 10h);
  CHECK_FALSE(take(meter, limit, 1, t0 + 10h - 1ns));
  meter.turn(2, t0 + 34h, t0 + 10h);
  CHECK(meter.level(limit, t0 + 10h) == 3);
  CHECK(take(meter, limit, 3, t0 + 10h));
}

TEST_CASE("a day that is told again under the same number goes on", "[meter]") {
  const Limit limit = daily(3);
  Meter meter = day_of(limit, t0 + 10h);
  REQUIRE(take(meter, limit, 2, t0));
  meter.turn(1, t0 + 12h, t0 + 1h);
  CHECK(meter.level(limit, t0 + 1h) == 1);
  CHECK(meter.ready_at(limit, 2, t0 + 1h) == t0 + 12h);
}

TEST_CASE("a settlement counts for the day that was charged, and for no later one", "[meter]") {
  const Limit limit = daily(100, 50);
  Meter meter = day_of(limit, t0 + 10h);
  REQUIRE(take(meter, limit, 60, t0));
  meter.settle(limit, 60, 20, t0, t0 + 1h);
  CHECK(meter.level(limit, t0 + 1h) == 80);
  REQUIRE(take(meter, limit, 80, t0 + 2h));
  meter.turn(2, t0 + 34h, t0 + 10h);
  meter.settle(limit, 80, 0, t0 + 2h, t0 + 11h);
  CHECK(meter.level(limit, t0 + 11h) == 100);
  meter.settle(limit, 80, 150, t0 + 2h, t0 + 11h);
  CHECK(meter.level(limit, t0 + 11h) == 100);
}

TEST_CASE("a day's overrun goes into debt down to the floor, and is not carried over", "[meter]") {
  const Limit limit = daily(100, 150);
  Meter meter = day_of(limit, t0 + 10h);
  REQUIRE(take(meter, limit, 100, t0));
  meter.settle(limit, 100, 1000, t0, t0);
  CHECK(meter.level(limit, t0) == -150);
  // The next day begins whole, so one night is all there is to wait for.
  CHECK(meter.ready_at(limit, 100, t0) == t0 + 10h);
}

TEST_CASE("behind others of a day, a call goes on the day on which those have left room", "[meter]") {
  const Limit limit = daily(10);
  Meter meter = day_of(limit, t0 + 10h);
  REQUIRE(take(meter, limit, 4, t0));
  CHECK(meter.ready_at(limit, 1, t0, 5) == t0);
  CHECK(meter.ready_at(limit, 1, t0, 6) == t0 + 10h);
  CHECK(meter.ready_at(limit, 1, t0, 15) == t0 + 10h);
  CHECK(meter.ready_at(limit, 1, t0, 16) == t0 + 34h);
}

TEST_CASE("a provider's word about the day only lowers what is left of it", "[meter]") {
  const Limit limit = daily(100, 10);
  Meter meter = day_of(limit, t0 + 10h);
  meter.tighten(limit, 40, t0);
  CHECK(meter.level(limit, t0) == 40);
  meter.tighten(limit, 90, t0);
  CHECK(meter.level(limit, t0) == 40);
  meter.tighten(limit, -1000, t0);
  CHECK(meter.level(limit, t0) == -10);
}

TEST_CASE("after idling, what goes in ten seconds grows by at most the step", "[meter]") {
  // 6,000 a minute are 1,000 in ten seconds; a tenth of it is the step.
  const Limit limit = growing(6000, 10, 1000);
  Meter meter(limit);
  std::int64_t before = 0;
  for (int window = 0; window < 9; ++window) {
    std::int64_t used = 0;
    for (Instant now = t0 + window * 10s; now < t0 + (window + 1) * 10s; now += 10ms)
      used += take(meter, limit, 1, now);
    CHECK(used == before + 100);
    before = used;
  }
  std::int64_t idle_then = 0;
  for (Instant now = t0 + 10min; now < t0 + 10min + 10s; now += 10ms) idle_then += take(meter, limit, 1, now);
  CHECK(idle_then == 100);
}

TEST_CASE("a limit that may grow freely does not look at what went before", "[meter]") {
  const Limit limit = growing(6000, 0, 1000);
  Meter meter(limit);
  CHECK(take(meter, limit, 1000, t0));
}

TEST_CASE("a call larger than the growth allows goes when it is the first of its ten seconds, and only then",
          "[meter]") {
  const Limit limit = growing(6000, 10, 1000);
  Meter meter(limit);
  REQUIRE(take(meter, limit, 1, t0));
  CHECK_FALSE(take(meter, limit, 500, t0));
  CHECK(meter.ready_at(limit, 500, t0) == t0 + 10s);
  CHECK_FALSE(take(meter, limit, 500, t0 + 10s - 1ns));
  CHECK(take(meter, limit, 500, t0 + 10s));
}

TEST_CASE("growth is judged by what was used, also when that is known only in the next ten seconds", "[meter]") {
  const Limit limit = growing(6000, 10, 1000);
  Meter meter(limit);
  REQUIRE(take(meter, limit, 100, t0 + 9s));
  CHECK(take(meter, limit, 1, t0 + 12s));
  meter.settle(limit, 100, 10, t0 + 9s, t0 + 12s);
  CHECK(take(meter, limit, 109, t0 + 12s));
  CHECK_FALSE(take(meter, limit, 1, t0 + 12s));
}

TEST_CASE("growth is judged by what was used, also when nothing was taken since", "[meter]") {
  const Limit limit = growing(6000, 10, 1000);
  Meter meter(limit);
  REQUIRE(take(meter, limit, 100, t0 + 9s));
  meter.settle(limit, 100, 10, t0 + 9s, t0 + 12s);
  CHECK(take(meter, limit, 110, t0 + 12s));
  CHECK_FALSE(take(meter, limit, 1, t0 + 12s));
}

TEST_CASE("a wait behind others counts the ten seconds that growth makes them wait", "[meter][property]") {
  fakes::property("exact waits behind others, growing", [] {
    const Limit limit = growing(*rc::gen::inRange<std::int64_t>(60, 100'000), *rc::gen::inRange(1, 101), 100'000);
    Meter meter(limit);
    Instant now = t0 + Duration(*rc::gen::inRange<std::int64_t>(0, 20'000'000'000));
    const auto some = [&] { return *rc::gen::inRange<std::int64_t>(1, 20); };
    for (std::int64_t i = some(); i > 0; --i) meter.take(limit, 1, now = meter.ready_at(limit, 1, now));
    const auto ahead = *rc::gen::inRange<std::int64_t>(0, 500);
    const Instant predicted = meter.ready_at(limit, 1, now, ahead);
    for (std::int64_t i = 0; i < ahead; ++i) meter.take(limit, 1, now = meter.ready_at(limit, 1, now));
    const Instant ready = meter.ready_at(limit, 1, now);
    // The bucket rounds each charge to a nanosecond.
    RC_ASSERT(predicted <= ready);
    RC_ASSERT(ready - predicted <= Duration(ahead + 1));
  });
}

TEST_CASE("finer slices: no more goes at once than is allowed for now, at the same rate", "[meter]") {
  Limit limit{"rpm", Unit::requests, 60, 1min, 16, 0};
  limit.at_once = 4;
  Meter meter(limit);
  for (int i = 0; i < 4; ++i) CHECK(take(meter, limit, 1, t0));
  CHECK_FALSE(take(meter, limit, 1, t0));
  CHECK(meter.ready_at(limit, 1, t0) <= t0 + 1s);
  CHECK(meter.ready_at(limit, 1, t0) > t0 + 1s - 16ns);
}

TEST_CASE("finer slices: a call larger than may go at once goes when the bucket is full, and not before", "[meter]") {
  Limit limit{"rpm", Unit::requests, 60, 1min, 16, 0};
  limit.at_once = 4;
  Meter meter(limit);
  REQUIRE(take(meter, limit, 1, t0));
  const Instant ready = meter.ready_at(limit, 10, t0);
  CHECK(ready <= t0 + 1s);
  CHECK(ready > t0 + 1s - 16ns);
  CHECK_FALSE(take(meter, limit, 10, ready - 1ns));
  CHECK(take(meter, limit, 10, ready));
}

TEST_CASE("the level is what may go at once, also while the slices are finer", "[meter]") {
  Limit limit{"rpm", Unit::requests, 60, 1min, 16, 0};
  limit.at_once = 4;
  Meter meter(limit);
  CHECK(meter.level(limit, t0) == 4);
  REQUIRE(take(meter, limit, 3, t0));
  CHECK(meter.level(limit, t0) == 1);
}
