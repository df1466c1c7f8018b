#include "bench/scenarios/scenarios.h"

#include <algorithm>
#include <catch2/catch.hpp>

using namespace bench::scenarios;

namespace {

constexpr Size kSmall{.minutes = 2, .waiters = 20};

const Finding& find(const Findings& findings, const std::string& name) {
  const auto found = std::find_if(findings.begin(), findings.end(), [&](const Finding& one) { return one.name == name; });
  REQUIRE(found != findings.end());
  return *found;
}

}  // namespace

TEST_CASE("scenarios in virtual time find the same every time", "[scenarios]") {
  const Findings found = play(kSmall);
  REQUIRE(found.size() > 30);
  CHECK(std::all_of(found.begin(), found.end(), [](const Finding& one) { return one.exact; }));
  CHECK(as_json_lines(found) == as_json_lines(play(kSmall)));
  CHECK(as_json_lines(found) != as_json_lines(play({.minutes = 3, .waiters = 20})));
}

TEST_CASE("an exhausted model makes no call of another wait", "[scenarios]") {
  const Findings found = starvation();
  CHECK(found.at(0).value == 0);
  CHECK(found.at(1).value == 1000);
}

TEST_CASE("who waits for refill is admitted at the same nanosecond of each refill, by one timer", "[scenarios]") {
  const Findings found = wake_up(kSmall);
  CHECK(find(found, "  latest less earliest").value == 0);
  CHECK(find(found, "  timers armed per admission").value <= 1);
}

TEST_CASE("no batch call goes while an interactive one waits that could go", "[scenarios]") {
  for (const Finding& one : inversion(kSmall)) {
    CAPTURE(one.name);
    if (one.bar) CHECK(one.value == 0);
  }
}

TEST_CASE("a bar is met at its edge, and not beyond", "[scenarios]") {
  CHECK(at_most(2, 2).met);
  CHECK_FALSE(at_most(2, 2.001).met);
  CHECK(at_least(0.99, 0.99).met);
  CHECK_FALSE(at_least(0.99, 0.989).met);
  CHECK_FALSE(ratio_of({.scenario = "s", .name = "n", .value = 1, .beside = Beside{"b", 0}}).has_value());
  CHECK(ratio_of({.scenario = "s", .name = "n", .value = 1, .beside = Beside{"b", 2}}) == 0.5);
}
