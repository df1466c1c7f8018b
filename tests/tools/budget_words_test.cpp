#include "tools/budget_words.h"

#include <catch2/catch.hpp>

namespace weir {
namespace {
using namespace std::chrono_literals;

Refusal refused(std::int64_t amount, std::int64_t left, std::int64_t needed) {
  Refusal refusal{.of = Refusal::Scope::client,
                  .scope = "ci",
                  .limit = "budget_day_usd",
                  .retry_after = Duration(3h + 12min),
                  .largest = amount,
                  .needed = needed};
  refusal.left = left;
  refusal.resets = WallTime(std::chrono::sys_days(std::chrono::year(2026) / 11 / 23));
  return refusal;
}

TEST_CASE("who has spent a budget is told of how much, and when there is more", "[budgets]") {
  CHECK(
      budget_text(refused(5'000'000'000, 0, 1), "client \"ci\"") ==
      "client \"ci\": its budget of 5.00 USD a day (budget_day_usd) is used up; it resets at 2026-11-23T00:00:00Z, in "
      "3 h 12 min");
}

TEST_CASE("who asks for more than is left is told both", "[budgets]") {
  CHECK(
      budget_text(refused(5'000'000'000, 1'500'000, 20'000'000), "server") ==
      "server: its budget of 5.00 USD a day (budget_day_usd) has 0.0015 USD left, and this call may take 0.02 USD; it "
      "resets at 2026-11-23T00:00:00Z, in 3 h 12 min");
}

TEST_CASE("who is kept out by what others hold is told to come again soon", "[budgets]") {
  Refusal refusal = refused(100, 100, 60);
  refusal.limit = "budget_month_tokens";
  refusal.retry_after = 1s;
  CHECK(budget_text(refusal, "model \"fast\"") ==
        "model \"fast\": what is left of its budget of 100 tokens a month (budget_month_tokens) is held for calls that "
        "are on their way; retry after 1 s");
}

TEST_CASE("what is larger than the budget is told to become smaller", "[budgets]") {
  Refusal refusal = refused(1'000'000'001, 1'000'000'001, 2'000'000'000);
  refusal.reason = Refusal::Reason::never;
  refusal.retry_after.reset();
  CHECK(
      budget_text(refusal, "tool \"t\"") ==
      "tool \"t\": its budget of 1.000000001 USD a day (budget_day_usd) is less than this call may take at most, 2.00 "
      "USD; send less text, or ask for less");
}

TEST_CASE("a budget's refusal is known by its key", "[budgets]") {
  CHECK(is_of_budget(refused(1, 0, 1)));
  Refusal other;
  other.limit = "tpm";
  CHECK_FALSE(is_of_budget(other));
}

}  // namespace
}  // namespace weir
