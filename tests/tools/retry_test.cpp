#include "tools/retry.h"

#include <catch2/catch.hpp>

#include "tests/fakes/property.h"

namespace weir {
namespace {
using namespace std::chrono_literals;

constexpr Instant kStart{std::chrono::hours(1)};

TEST_CASE("as many requests are made as the policy allows, and not one more", "[retry]") {
  std::mt19937_64 random(1);
  const RetryPolicy policy{.max_attempts = 4};
  CHECK(next_attempt(policy, 3, kStart, kStart, {}, random).has_value());
  CHECK_FALSE(next_attempt(policy, 4, kStart, kStart, {}, random).has_value());
  CHECK_FALSE(next_attempt({.max_attempts = 1}, 1, kStart, kStart, {}, random).has_value());
}

TEST_CASE("the provider's Retry-After is a floor under the wait", "[retry]") {
  std::mt19937_64 random(1);
  for (int i = 0; i < 100; ++i) {
    const auto next = next_attempt({}, 1, kStart, kStart, 3s, random);
    REQUIRE(next == kStart + 3s);  // the jitter is at most half a second
  }
}

TEST_CASE("a Retry-After up to the end of the retry time is honoured; one nanosecond more ends it", "[retry]") {
  std::mt19937_64 random(1);
  const RetryPolicy policy{.time = 180s};
  CHECK(next_attempt(policy, 1, kStart, kStart + 60s, 120s, random) == kStart + 180s);
  CHECK_FALSE(next_attempt(policy, 1, kStart, kStart + 60s, 120s + 1ns, random).has_value());
  CHECK_FALSE(next_attempt(policy, 1, kStart, kStart + 181s, {}, random).has_value());
}

TEST_CASE("waits are spread over the whole of a backoff that doubles up to its longest", "[retry]") {
  std::mt19937_64 random(7);
  const RetryPolicy policy{.max_attempts = 100, .time = 1h, .first_wait = 500ms, .longest_wait = 3s};
  const Duration expected[] = {500ms, 1s, 2s, 3s, 3s};
  for (int attempts = 1; attempts <= 5; ++attempts) {
    Duration least = 1h, most = 0s;
    for (int i = 0; i < 2000; ++i) {
      const Duration wait = *next_attempt(policy, attempts, kStart, kStart, {}, random) - kStart;
      least = std::min(least, wait);
      most = std::max(most, wait);
    }
    INFO("after " << attempts);
    CHECK(most <= expected[attempts - 1]);
    CHECK(most > expected[attempts - 1] * 98 / 100);
    CHECK(least < expected[attempts - 1] * 2 / 100);
  }
}

TEST_CASE("a retry is never in the past, nor beyond the time", "[retry]") {
  fakes::property("within", [] {
    const RetryPolicy policy{.max_attempts = *rc::gen::inRange(1, 11),
                             .time = Duration(*rc::gen::inRange<std::int64_t>(0, 200'000'000'000)),
                             .first_wait = Duration(*rc::gen::inRange<std::int64_t>(0, 1'000'000'000)),
                             .longest_wait = Duration(*rc::gen::inRange<std::int64_t>(0, 90'000'000'000))};
    std::mt19937_64 random(*rc::gen::arbitrary<std::uint64_t>());
    const Instant now = kStart + Duration(*rc::gen::inRange<std::int64_t>(0, 300'000'000'000));
    const auto next = next_attempt(policy, *rc::gen::inRange(1, 12), kStart, now, {}, random);
    if (next) RC_ASSERT(*next >= now && *next <= kStart + policy.time);
  });
}

TEST_CASE("ten retries are there at first; after that ten successes earn one", "[retry]") {
  RetryBudgets budgets;
  for (int i = 0; i < 10; ++i) REQUIRE(budgets.spend(1));
  CHECK_FALSE(budgets.spend(1));
  for (int i = 0; i < 9; ++i) budgets.earn(1);
  CHECK_FALSE(budgets.spend(1));
  budgets.earn(1);
  CHECK(budgets.spend(1));
  CHECK_FALSE(budgets.spend(1));
}

TEST_CASE("no more than ten retries are saved up, and each group has its own", "[retry]") {
  RetryBudgets budgets;
  for (int i = 0; i < 1000; ++i) budgets.earn(1);
  for (int i = 0; i < 10; ++i) REQUIRE(budgets.spend(1));
  CHECK_FALSE(budgets.spend(1));
  CHECK(budgets.spend(2));
}

}  // namespace
}  // namespace weir
