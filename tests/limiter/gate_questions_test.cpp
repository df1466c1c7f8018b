// What can be asked of a gate without entering it.
#include <catch2/catch.hpp>

#include "limiter/gate.h"
#include "limiter/store_memory.h"
#include "tests/fakes/fake_loop.h"

using namespace weir;
using namespace std::chrono_literals;

namespace {

Ask asked(GroupId group, Estimate estimate) {
  Ask ask;
  ask.group = group;
  ask.estimate = estimate;
  return ask;
}

}  // namespace

TEST_CASE("the wait that is predicted for a call is the wait that it has", "[gate]") {
  fakes::FakeLoop loop;
  MemoryStore store;
  Gate gate(loop, store, {.slots = 2});
  const auto group = gate.group({.key = "k",
                                 .name = "m",
                                 .slots = {},
                                 .limits = {{.name = "tpm", .unit = Unit::tokens, .amount = 60, .burst = 10}}});
  CHECK(gate.forecast(asked(group, {10, 0})).wait == Duration{});
  Ask ask;
  ask.group = group;
  ask.estimate = {10, 0};
  std::optional<Admission> held;
  const auto first = gate.enter(ask, [&](Admission admission) { held = std::move(admission); });
  const Duration wait = gate.forecast(asked(group, {3, 0})).wait.value();
  CHECK(wait <= 3s);
  CHECK(wait > 2999ms);  // the bucket rounds each charge to a nanosecond
  CHECK(gate.limits(group).at(0).level == 0);
  std::optional<Instant> admitted;
  ask.estimate = {3, 0};
  const auto ticket = gate.enter(ask, [&](const Admission&) { admitted = loop.now(); });
  const Instant asked = loop.now();
  loop.run_for(1h);
  CHECK(admitted == asked + wait);
}
