// WEIR_SEED=n replays one run; WEIR_RUNS=n makes n of them, of WEIR_CALLS=n calls each.
#include "tests/tools/simulation.h"

#include <catch2/catch.hpp>
#include <cstdlib>

namespace weir::simulation {
namespace {

constexpr int kRuns = 100, kCalls = 100;

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
}

TEST_CASE("ten thousand chaotic calls leave no slot and no token unaccounted", "[simulation]") {
  const bool replay = std::getenv("WEIR_SEED") != nullptr;
  const std::uint64_t first = from_environment("WEIR_SEED", 1);
  const int calls = static_cast<int>(from_environment("WEIR_CALLS", kCalls));
  const std::uint64_t runs = replay ? 1 : from_environment("WEIR_RUNS", kRuns);
  Report sum;
  for (std::uint64_t seed = first; seed < first + runs; ++seed) {
    const Report report = simulate(seed, calls);
    INFO("replay with WEIR_SEED=" << seed);
    for (const std::string& violation : report.violations) UNSCOPED_INFO(violation);
    REQUIRE(report.violations.empty());
    CHECK(report.completions + report.refusals + report.errors + report.cancelled + report.destroyed >= report.calls);
    sum.calls += report.calls;
    sum.requests += report.requests;
    sum.completions += report.completions;
    sum.refusals += report.refusals;
    sum.errors += report.errors;
    sum.cancelled += report.cancelled;
    sum.destroyed += report.destroyed;
    sum.pieces += report.pieces;
    sum.raised += report.raised;
  }
  if (replay) return;
  // The chaos must have been one: every kind of ending, often.
  INFO(sum.calls << " calls, " << sum.requests << " requests: " << sum.completions << " completions, " << sum.refusals
                 << " refusals, " << sum.errors << " errors, " << sum.cancelled << " cancelled, " << sum.destroyed
                 << " dropped; " << sum.pieces << " pieces of streams, " << sum.raised << " top-ups");
  CHECK(sum.calls == static_cast<int>(runs) * calls);
  CHECK(sum.requests > sum.calls / 4);
  for (const int kind : {sum.completions, sum.refusals, sum.errors, sum.cancelled, sum.destroyed})
    CHECK(kind > sum.calls / 50);
  CHECK(sum.pieces > sum.requests);
  CHECK(sum.raised > sum.requests / 200);
}

TEST_CASE("budgets that end amid chaos are charged what the attempts say, and hold nothing", "[simulation]") {
  Report sum;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    const Report report = simulate(seed, 100, Purse::bounded);
    INFO("seed " << seed);
    for (const std::string& violation : report.violations) UNSCOPED_INFO(violation);
    REQUIRE(report.violations.empty());
    sum.completions += report.completions;
    sum.refusals += report.refusals;
  }
  CHECK(sum.completions > 200);
  CHECK(sum.refusals > 200);
}

TEST_CASE("the same seed gives the same run, another seed another", "[simulation]") {
  const Report once = simulate(42, 200), again = simulate(42, 200), other = simulate(43, 200);
  CHECK(once.digest == again.digest);
  CHECK(once.requests == again.requests);
  CHECK(once.digest != other.digest);
}

}  // namespace
}  // namespace weir::simulation
