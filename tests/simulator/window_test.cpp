#include "simulator/window.h"

#include <rapidcheck.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <vector>

namespace simulator {
namespace {

using namespace std::chrono_literals;

TEST_CASE("two events 60 s apart are in no common minute, 1 ns less and they are", "[window]") {
  WorstMinute apart;
  apart.add(5, 0s);
  apart.add(6, 60s);
  CHECK(apart.worst() == 6);
  WorstMinute together;
  together.add(5, 0s);
  together.add(6, 60s - 1ns);
  CHECK(together.worst() == 11);
}

TEST_CASE("the worst minute is remembered when quieter ones follow", "[window]") {
  WorstMinute minute;
  minute.add(9, 0s);
  minute.add(1, 1h);
  CHECK(minute.worst() == 9);
}

TEST_CASE("property: the worst minute is what trying every window finds", "[window]") {
  REQUIRE(rc::check([] {
    WorstMinute minute;
    std::vector<std::pair<Instant, std::int64_t>> events;
    Instant now{0};
    const auto count = *rc::gen::inRange(0, 80);
    for (int i = 0; i < count; ++i) {
      now += Span(
          *rc::gen::oneOf(rc::gen::inRange<std::int64_t>(0, 3), rc::gen::inRange<std::int64_t>(0, 40'000'000'000)));
      events.emplace_back(now, *rc::gen::inRange<std::int64_t>(0, 100));
      minute.add(events.back().second, now);
    }
    std::int64_t worst = 0;
    for (const auto& [start, first] : events) {
      std::int64_t sum = 0;
      for (const auto& [at, amount] : events) sum += at >= start && at < start + kMinute ? amount : 0;
      worst = std::max(worst, sum);
    }
    RC_ASSERT(minute.worst() == worst);
  }));
}

}  // namespace
}  // namespace simulator
