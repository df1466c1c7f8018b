#include "limiter/store_memory.h"

#include <catch2/catch.hpp>

using namespace weir;
using namespace std::chrono_literals;

namespace {
const Instant t0{std::chrono::hours(1000)};
}

// The contract of store.h; a second store runs over the same cases.
TEMPLATE_TEST_CASE("a store takes all charges or none", "[store]", MemoryStore) {
  TestType store;
  const BucketId requests = store.open("account", {"rpm", Unit::requests, 60, 1min, 2, 0});
  const BucketId tokens = store.open("account", {"tpm", Unit::tokens, 6000, 1min, 100, 100});

  SECTION("a call that one bucket cannot pay costs the other nothing") {
    const Charge first[] = {{requests, 1}, {tokens, 90}};
    CHECK_FALSE(store.take(first, t0));
    const Charge second[] = {{requests, 1}, {tokens, 20}};
    const auto shortfall = store.take(second, t0);
    REQUIRE(shortfall);
    CHECK(shortfall->bucket == tokens);
    CHECK(store.level(requests, t0) == 1);
    CHECK(store.level(tokens, t0) == 10);
    CHECK(store.take(second, *shortfall->ready_at - 1ns));
    CHECK_FALSE(store.take(second, *shortfall->ready_at));
  }
  SECTION("of two that stand in the way the later one is named, with its wait") {
    const Charge all[] = {{requests, 2}, {tokens, 100}};
    REQUIRE_FALSE(store.take(all, t0));
    const Charge next[] = {{requests, 1}, {tokens, 10}};
    const auto shortfall = store.take(next, t0);
    REQUIRE(shortfall);
    CHECK(shortfall->bucket == requests);
    CHECK_FALSE(store.take(next, *shortfall->ready_at));
  }
  SECTION("more than the burst is refused for good, without a time") {
    const Charge huge[] = {{requests, 1}, {tokens, 101}};
    CHECK(store.take(huge, t0) == Shortfall{tokens, std::nullopt});
    CHECK(store.level(requests, t0) == 2);
  }
  SECTION("settling returns a surplus and books an overrun") {
    const Charge charge[] = {{tokens, 80}};
    REQUIRE_FALSE(store.take(charge, t0));
    store.settle({tokens, 80}, 30, t0, t0);
    CHECK(store.level(tokens, t0) == 70);
    store.settle({tokens, 30}, 150, t0, t0);
    CHECK(store.level(tokens, t0) == -50);
  }
  SECTION("the same group and limit name is the same bucket; another group is another") {
    CHECK(store.open("account", {"rpm", Unit::requests, 60, 1min, 2, 0}) == requests);
    const BucketId other = store.open("other", {"rpm", Unit::requests, 60, 1min, 2, 0});
    CHECK(other != requests);
    const Charge charge[] = {{requests, 2}};
    REQUIRE_FALSE(store.take(charge, t0));
    CHECK(store.level(other, t0) == 2);
  }
}
