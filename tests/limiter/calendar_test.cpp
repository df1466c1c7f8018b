#include "limiter/calendar.h"

#include <catch2/catch.hpp>

#include "limiter/store_memory.h"
#include "tests/limiter/gate_scene.h"

using namespace weir;
using namespace std::chrono_literals;

namespace {

Limit daily(std::string name, std::int64_t amount, std::string zone = "UTC") {
  return {std::move(name), Unit::requests, amount, 24h, amount, 0, Shape::calendar, std::move(zone)};
}

// A store with a day's limit, a monotonic clock, and a wall clock beside it that can be set.
struct Days {
  MemoryStore store;
  Calendar calendar{store};
  Instant now{1h};
  WallTime wall = std::chrono::sys_days(std::chrono::year{2027} / 3 / 1) + 20h;

  BucketId add(const std::string& zone = "UTC") {
    const BucketId bucket = store.open(zone, daily("rpd", 10, zone));
    calendar.add(bucket, zone, now, wall);
    return bucket;
  }
  void pass(Duration span) {
    now += span;
    wall += span;
    calendar.turn(now, wall);
  }
  void set_clock(Duration by) {
    wall += by;
    calendar.turn(now, wall);
  }
  void use(BucketId bucket, std::int64_t units) {
    const Charge charge[] = {{bucket, units}};
    REQUIRE_FALSE(store.take(charge, now));
  }
};

}  // namespace

TEST_CASE("a day begins anew at midnight, and not a nanosecond before", "[calendar]") {
  Days days;
  const BucketId bucket = days.add();
  days.use(bucket, 10);
  CHECK(days.store.ready_at(bucket, 1, days.now, 0) == days.now + 4h);
  days.pass(4h - 1ns);
  CHECK(days.store.level(bucket, days.now) == 0);
  days.pass(1ns);
  CHECK(days.store.level(bucket, days.now) == 10);
  days.use(bucket, 10);
  CHECK(days.store.ready_at(bucket, 1, days.now, 0) == days.now + 24h);
}

TEST_CASE("each zone has its own midnight", "[calendar]") {
  Days days;
  const BucketId utc = days.add(), tokyo = days.add("Asia/Tokyo");  // there it is 5 o'clock
  days.use(utc, 10);
  days.use(tokyo, 10);
  CHECK(days.store.ready_at(utc, 1, days.now, 0) == days.now + 4h);
  CHECK(days.store.ready_at(tokyo, 1, days.now, 0) == days.now + 19h);
  days.pass(4h);
  CHECK(days.store.level(utc, days.now) == 10);
  CHECK(days.store.level(tokyo, days.now) == 0);
  days.pass(15h);
  CHECK(days.store.level(tokyo, days.now) == 10);
}

TEST_CASE("a wall clock that is set forward brings midnight nearer, and past it the new day", "[calendar]") {
  Days days;
  const BucketId bucket = days.add();
  days.use(bucket, 10);
  days.set_clock(3h);
  CHECK(days.store.level(bucket, days.now) == 0);
  CHECK(days.store.ready_at(bucket, 1, days.now, 0) == days.now + 1h);
  days.set_clock(2h);
  CHECK(days.store.level(bucket, days.now) == 10);
  days.use(bucket, 10);
  CHECK(days.store.ready_at(bucket, 1, days.now, 0) == days.now + 23h);
}

TEST_CASE("a wall clock that is set back does not give the day a second time", "[calendar]") {
  Days days;
  const BucketId bucket = days.add();
  days.use(bucket, 10);
  days.set_clock(-2h);
  CHECK(days.store.level(bucket, days.now) == 0);
  CHECK(days.store.ready_at(bucket, 1, days.now, 0) == days.now + 6h);
  days.pass(6h);
  days.use(bucket, 10);
  days.set_clock(-30min);  // yesterday again
  CHECK(days.store.level(bucket, days.now) == 0);
  days.pass(30min);
  CHECK(days.store.level(bucket, days.now) == 0);
}

TEST_CASE("a clock that was a year ahead for a moment does not keep the day from ending", "[calendar]") {
  Days days;
  const BucketId bucket = days.add();
  days.set_clock(8760h);
  days.set_clock(-8760h);
  days.use(bucket, 10);
  CHECK(days.store.ready_at(bucket, 1, days.now, 0) == days.now + 4h);
  days.pass(4h);
  CHECK(days.store.level(bucket, days.now) == 10);
}

TEST_CASE("who waits for midnight is admitted at midnight, by the wall clock", "[calendar]") {
  Scene scene({.max_wait = 24h});
  const GroupId group = scene.group("m", {daily("rpd", 1)});
  REQUIRE(scene.enter(group).admitted());
  Caller& waiter = scene.enter(group);
  const WallTime midnight = std::chrono::ceil<std::chrono::days>(scene.loop.wall());
  scene.loop.run_for(midnight - scene.loop.wall() - 1ns);
  CHECK(waiter.waits());
  scene.loop.run_for(1ns);
  CHECK(waiter.admitted());
}

TEST_CASE("a refund after midnight does not lift the new day", "[calendar]") {
  Scene scene;
  const GroupId group = scene.group("m", {{"tpd", Unit::tokens, 100, 24h, 100, 0, Shape::calendar, "UTC"}});
  Caller& caller = scene.enter(group, {50, 0});
  REQUIRE(caller.admitted());
  scene.loop.run_for(std::chrono::ceil<std::chrono::days>(scene.loop.wall()) - scene.loop.wall());
  CHECK(scene.gate->limits(group).at(0).level == 100);
  REQUIRE(scene.enter(group, {30, 0}).admitted());
  caller.lease().settle(Ending::success, Exact{1, 0});
  CHECK(scene.gate->limits(group).at(0).level == 70);
}
