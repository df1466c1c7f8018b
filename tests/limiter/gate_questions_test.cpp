// What can be asked of a gate without entering it.
#include <catch2/catch.hpp>

#include "limiter/gate.h"
#include "limiter/store_memory.h"
#include "tests/limiter/gate_scene.h"

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

TEST_CASE("the wait that is predicted beside other clients' calls is the wait that it has", "[gate]") {
  const int clients = GENERATE(1, 2, 10, 100, 1000);
  const int calls = GENERATE(1, 3);
  const int own = GENERATE(0, 1, 2);
  Scene scene({.slots = 10'000, .queue_limit = 10'000, .max_wait = 10h});
  const GroupId group = scene.group("m", {rpm(60, 1)});
  REQUIRE(scene.enter(group).admitted());
  for (int i = 0; i < calls; ++i)
    for (int client = 0; client < clients; ++client)
      scene.enter(asking(group, scene.client("c" + std::to_string(client)), 100));
  const ClientId newcomer = scene.client("newcomer");
  for (int i = 0; i < own; ++i) scene.enter(asking(group, newcomer, 100));
  const Duration predicted = scene.gate->forecast(asking(group, newcomer, 100)).wait.value();
  const Instant asked = scene.loop.now();
  Caller& caller = scene.enter(asking(group, newcomer, 100));
  while (caller.waits()) REQUIRE(scene.loop.step(Instant::max()));
  CHECK(caller.answered_at - asked == predicted);
}

TEST_CASE("beside clients of other weights and sizes, the predicted wait is right to a call of each", "[gate]") {
  Scene scene({.slots = 10'000, .queue_limit = 10'000, .max_wait = 10h, .aging_bound = 0s});
  const GroupId group = scene.group("m", {tpm(6000, 400)});
  REQUIRE(scene.enter(group, {400, 0}).admitted());
  std::int64_t of_each = 0;
  for (int client = 1; client <= 20; ++client) {
    const ClientId id = scene.client("c" + std::to_string(client), {}, 1 + client % 3);
    const std::int64_t size = 20 * client;
    of_each += size;
    for (int i = 0; i < 200 / client; ++i) scene.enter(asking(group, id, size));
  }
  const ClientId newcomer = scene.client("newcomer");
  for (int i = 0; i < 10; ++i) scene.enter(asking(group, newcomer, 100));
  const Duration predicted = scene.gate->forecast(asking(group, newcomer, 100)).wait.value();
  const Instant asked = scene.loop.now();
  Caller& caller = scene.enter(asking(group, newcomer, 100));
  while (caller.waits()) REQUIRE(scene.loop.step(Instant::max()));
  const Duration off = predicted - (caller.answered_at - asked);
  CHECK(off <= of_each * 10ms);
  CHECK(off >= -of_each * 10ms);
}

TEST_CASE("who waits is told for what, and how long from now on; who waits no more, nothing", "[gate]") {
  fakes::FakeLoop loop;
  MemoryStore store;
  Gate gate{loop, store, {.slots = 2}};
  const GroupId group = gate.group({.key = "k", .name = "fast", .slots = {}, .limits = {rpm(60, 1)}});
  std::vector<Admission> answers;
  const auto ask = [&] { return gate.enter(asked(group, {}), [&](Admission a) { answers.push_back(std::move(a)); }); };
  const auto first = ask(), second = ask(), third = ask();
  CHECK_FALSE(first.forecast());
  CHECK(second.forecast()->limit == "rpm");
  CHECK(second.forecast()->wait == 1s);
  CHECK(third.forecast()->wait == 2s);
  loop.run_for(400ms);
  CHECK(second.forecast()->wait == 600ms);
  loop.run_for(1600ms);
  CHECK(answers.size() == 2);  // both slots are held
  CHECK(third.forecast()->limit == "concurrency");
}
