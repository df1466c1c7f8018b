// Clients with limits of their own, of their parents, and tools with slots of their own.
#include <catch2/catch.hpp>

#include "tests/limiter/gate_scene.h"

using namespace weir;

namespace {

constexpr auto kBatch = Priority::batch;
constexpr auto kInteractive = Priority::interactive;

std::int64_t level(const Scene& scene, GroupId group, ClientId client, std::size_t limit) {
  return scene.gate->limits(group, client).at(limit).level;
}

GateOptions wide(Duration aging_bound = 5s) {
  return {.slots = 100, .queue_limit = 20'000, .max_wait = 1h, .aging_bound = aging_bound};
}

}  // namespace

TEST_CASE("a client's own limits are charged beside the group's, for each group apart", "[clients]") {
  Scene scene(wide());
  const GroupId one = scene.group("one", {rpm(600, 10)}), two = scene.group("two", {});
  const ClientId client = scene.client("c", {rpm(60, 2)});
  CHECK(scene.enter(asking(one, client)).admitted());
  CHECK(level(scene, one, client, 0) == 9);
  CHECK(level(scene, one, client, 1) == 1);
  CHECK(level(scene, two, client, 0) == 2);
  CHECK(scene.enter(asking(one, client)).admitted());
  CHECK(scene.enter(asking(one, client)).waits());
  CHECK(scene.enter(asking(two, client)).admitted());
  CHECK(scene.enter(asking(one)).admitted());  // nobody in particular has no limits
}

TEST_CASE("a client may have other limits of single groups", "[clients]") {
  Scene scene(wide());
  const GroupId one = scene.group("one", {}), two = scene.group("two", {});
  const ClientId client = scene.gate->client(
      {.name = "c", .parent = {}, .weight = 1, .limits = {rpm(60, 2)}, .limits_of = {{two, {tpm(600, 50)}}}});
  CHECK(scene.gate->limits(one, client).at(0).limit.name == "rpm");
  CHECK(scene.gate->limits(two, client).at(0).limit.name == "tpm");
  CHECK(scene.gate->limits(two, client).size() == 1);
  for (int i = 0; i < 5; ++i) CHECK(scene.enter(asking(two, client, 10)).admitted());
  CHECK(scene.enter(asking(two, client, 10)).waits());
}

TEST_CASE("a parent's bucket is charged by all its clients", "[clients]") {
  Scene scene(wide());
  const GroupId group = scene.group("m", {});
  const ClientId org = scene.client("org", {rpm(60, 3)});
  const ClientId a = scene.client("a", {rpm(60, 2)}, 1, org), b = scene.client("b", {}, 1, org);
  CHECK(scene.enter(asking(group, a)).admitted());
  CHECK(scene.enter(asking(group, b)).admitted());
  CHECK(scene.enter(asking(group, b)).admitted());
  CHECK(level(scene, group, a, 0) == 1);
  CHECK(level(scene, group, a, 1) == 0);
  CHECK(scene.enter(asking(group, a)).waits());
  CHECK(scene.enter(asking(group, scene.client("other"))).admitted());
}

TEST_CASE("a refusal names the client and the limit, or the parent and the limit", "[clients]") {
  Scene scene({.slots = 100, .queue_limit = 10, .max_wait = 0s});
  const GroupId group = scene.group("m", {});
  const ClientId org = scene.client("org", {tpm(60, 100)});
  const ClientId a = scene.client("a", {rpm(60, 1)}, 1, org), b = scene.client("b", {}, 1, org);
  REQUIRE(scene.enter(asking(group, a, 90)).admitted());
  const Refusal own = scene.enter(asking(group, a, 5)).refusal();
  CHECK(own.of == Refusal::Scope::client);
  CHECK(own.scope == "a");
  CHECK(own.limit == "rpm");
  CHECK(own.retry_after == 1s);
  CHECK(own.needed == 1);
  const Refusal parents = scene.enter(asking(group, b, 20)).refusal();
  CHECK(parents.of == Refusal::Scope::client);
  CHECK(parents.scope == "org");
  CHECK(parents.limit == "tpm");
  CHECK(parents.needed == 20);
}

TEST_CASE("more than a client's or its parent's burst is refused for good, by name", "[clients]") {
  Scene scene;
  const GroupId group = scene.group("m", {tpm(60'000, 1000)});
  const ClientId org = scene.client("org", {tpm(600, 100)});
  const ClientId a = scene.client("a", {{"own", Unit::tokens, 600, 1min, 50, 0}}, 1, org);
  const ClientId b = scene.client("b", {}, 1, org);
  CHECK(scene.enter(asking(group, a, 51)).refusal() ==
        Refusal{Refusal::Reason::never, Refusal::Scope::client, "a", "own", std::nullopt, 50, 51});
  CHECK(scene.enter(asking(group, b, 101)).refusal() ==
        Refusal{Refusal::Reason::never, Refusal::Scope::client, "org", "tpm", std::nullopt, 100, 101});
  CHECK(scene.enter(asking(group, a, 50)).admitted());
  CHECK(scene.enter(asking(group, b, 50)).admitted());
}

TEST_CASE("a client that its own limit holds up stands in nobody's way, and goes when its bucket has refilled",
          "[clients]") {
  Scene scene(wide(0s));
  const GroupId group = scene.group("m", {rpm(6000, 100)});
  const ClientId held = scene.client("held", {rpm(60, 1)}), free = scene.client("free");
  REQUIRE(scene.enter(asking(group, held)).admitted());
  Caller& first = scene.enter(asking(group, held));
  Caller& second = scene.enter(asking(group, held));
  scene.loop.run_for(1s - 1ns);
  CHECK(first.waits());
  CHECK(scene.enter(asking(group, free)).admitted());
  CHECK(scene.enter(asking(group, free, 0, kBatch)).admitted());
  CHECK(scene.loop.timers() == 1);
  scene.loop.run_for(1ns);
  CHECK(first.admitted());
  CHECK(second.waits());
  scene.loop.run_for(1s);
  CHECK(second.admitted());
  CHECK(second.answered_at == first.answered_at + 1s);
  CHECK(scene.loop.timers() == 0);
}

TEST_CASE("a surplus that one child returns to the parent's bucket lets another go at once", "[clients]") {
  Scene scene(wide());
  const GroupId group = scene.group("m", {});
  const ClientId org = scene.client("org", {tpm(60, 100)});
  const ClientId a = scene.client("a", {}, 1, org), b = scene.client("b", {}, 1, org);
  Caller& first = scene.enter(asking(group, a, 100));
  Caller& second = scene.enter(asking(group, b, 80));
  REQUIRE(second.waits());
  Caller& third = scene.enter(asking(group, b, 80));
  first.lease().settle(Ending::success, Exact{20, 0});
  CHECK(second.admitted());
  CHECK(third.waits());
  second.lease().settle(Ending::never_sent);
  CHECK(third.admitted());
}

TEST_CASE("when the first for a parent's bucket is held up by its own limit meanwhile, the next one goes",
          "[clients]") {
  Scene scene(wide());
  const GroupId group = scene.group("m", {});
  const ClientId org = scene.client("org", {rpm(60, 1)});
  const ClientId a = scene.client("a", {tpm(60, 100)}, 1, org), b = scene.client("b", {}, 1, org);
  scene.enter(asking(group, b, 1000)).lease().settle(Ending::success, Exact{1000, 0});
  scene.loop.run_for(1s);
  Caller& streaming = scene.enter(asking(group, a, 10));
  Caller& first = scene.enter(asking(group, a, 10));
  Caller& next = scene.enter(asking(group, b, 10));
  REQUIRE(streaming.admitted());
  REQUIRE(first.waits());
  REQUIRE(next.waits());
  streaming.lease().sending();
  streaming.lease().top_up({10, 140});  // own tokens are in debt now
  scene.loop.run_for(1s);
  CHECK(first.waits());
  CHECK(next.admitted());
}

TEST_CASE("among those who need one bucket of a client, interactive calls go before batch calls", "[clients]") {
  Scene scene(wide());
  const GroupId group = scene.group("m", {});
  const ClientId client = scene.client("c", {tpm(60, 100)});
  REQUIRE(scene.enter(asking(group, client, 100)).admitted());
  Caller& large = scene.enter(asking(group, client, 50, kInteractive));
  std::vector<Caller*> batch;
  for (int i = 0; i < 60; ++i) {
    batch.push_back(&scene.enter(asking(group, client, 1, kBatch)));
    scene.loop.run_for(1s);
  }
  REQUIRE(large.admitted());
  for (const Caller* each : batch) {
    if (each->admitted()) CHECK(each->answered_at >= large.answered_at);
  }
}

TEST_CASE("among those who need one bucket of a parent, an aged call is passed by no smaller one of a sibling",
          "[clients]") {
  Scene scene(wide(5s));
  const GroupId group = scene.group("m", {});
  const ClientId org = scene.client("org", {tpm(60, 100)});
  const ClientId a = scene.client("a", {}, 1, org), b = scene.client("b", {}, 1, org);
  REQUIRE(scene.enter(asking(group, scene.client("c", {}, 1, org), 100)).admitted());
  Caller& large = scene.enter(asking(group, a, 60));
  std::vector<Caller*> small;
  for (int i = 0; i < 80; ++i) {
    scene.loop.run_for(1s);
    small.push_back(&scene.enter(asking(group, b, 1)));
  }
  REQUIRE(large.admitted());
  int before = 0;
  for (const Caller* each : small) before += each->admitted() && each->answered_at < large.answered_at;
  CHECK(before == 4);
}

TEST_CASE("when the one who was first for a client's bucket leaves, those behind go as soon as they can", "[clients]") {
  Scene scene(wide(0s));
  const GroupId group = scene.group("m", {});
  const ClientId org = scene.client("org", {tpm(60, 100)});
  const ClientId a = scene.client("a", {}, 1, org), b = scene.client("b", {}, 1, org);
  REQUIRE(scene.enter(asking(group, b, 90)).admitted());
  Caller& large = scene.enter(asking(group, a, 60));
  Caller& small = scene.enter(asking(group, b, 5));
  REQUIRE(large.waits());
  REQUIRE(small.waits());
  large.ticket.cancel();
  CHECK(small.admitted());
}

TEST_CASE("siblings share their parent's bucket by weight", "[clients]") {
  Scene scene(wide());
  const GroupId group = scene.group("m", {});
  const ClientId org = scene.client("org", {rpm(60, 1)});
  const ClientId a = scene.client("a", {}, 1, org), b = scene.client("b", {}, 3, org);
  for (int i = 0; i < 400; ++i) {
    scene.enter(asking(group, a, 10));
    scene.enter(asking(group, b, 10));
  }
  scene.loop.run_for(99s);
  int of_a = 0, of_b = 0;
  for (std::size_t i = 0; i < scene.callers.size(); ++i)
    if (scene.callers[i]->admitted()) (i % 2 == 0 ? of_a : of_b) += 1;
  CHECK(of_a + of_b == 100);
  CHECK(of_b >= 74);
  CHECK(of_b <= 76);
}

TEST_CASE("a thousand clients that wait for their parent's bucket are admitted one a refill, by single wake-ups",
          "[clients]") {
  Scene scene({.slots = 2000, .queue_limit = 20'000, .max_wait = 1h});
  const GroupId group = scene.group("m", {});
  const ClientId org = scene.client("org", {rpm(60, 1)});
  for (int i = 0; i < 1000; ++i) scene.enter(asking(group, scene.client("c" + std::to_string(i), {}, 1, org)));
  const auto timers_before = scene.loop.timers_ever();
  scene.loop.run_for(999s);
  CHECK(scene.gate->state().slots_taken == 1000);
  CHECK(scene.loop.timers_ever() - timers_before <= 1000);
  CHECK(scene.loop.timers() == 0);
}

TEST_CASE("a tool's slots bound its calls, over all groups", "[tools]") {
  Scene scene(wide());
  const GroupId one = scene.group("one", {}), two = scene.group("two", {});
  const ToolId narrow = scene.tool("narrow", 2);
  CHECK(scene.enter(asking(one, 0, 0, kInteractive, narrow)).admitted());
  CHECK(scene.enter(asking(two, 0, 0, kInteractive, narrow)).admitted());
  CHECK(scene.enter(asking(one, 0, 0, kInteractive, narrow)).waits());
  CHECK(scene.enter(asking(two, 0, 0, kInteractive, narrow)).waits());
}

TEST_CASE("who waits for a slot of his tool blocks nobody else, and goes when one comes free", "[tools]") {
  Scene scene(wide(0s));
  const GroupId one = scene.group("one", {rpm(6000, 100)}), two = scene.group("two", {});
  const ToolId narrow = scene.tool("narrow", 1);
  Caller& holder = scene.enter(asking(two, 0, 0, kInteractive, narrow));
  Caller& waiter = scene.enter(asking(one, 0, 0, kInteractive, narrow));
  scene.loop.run_for(10s);
  CHECK(waiter.waits());
  CHECK(scene.enter(asking(one)).admitted());
  CHECK(scene.enter(asking(one, 0, 0, kBatch)).admitted());
  CHECK(scene.enter(asking(one, 0, 0, kBatch, scene.tool("other", 1))).admitted());
  holder.lease().settle(Ending::success, Exact{});
  CHECK(waiter.admitted());
}

TEST_CASE("a refusal for want of a tool's slot names the tool", "[tools]") {
  Scene scene({.slots = 10, .queue_limit = 10, .max_wait = 1s});
  const GroupId group = scene.group("m", {});
  const ToolId narrow = scene.tool("narrow", 1);
  scene.enter(asking(group, 0, 0, kInteractive, narrow));
  Caller& waiter = scene.enter(asking(group, 0, 0, kInteractive, narrow));
  scene.loop.run_for(1s);
  CHECK(waiter.refusal().of == Refusal::Scope::tool);
  CHECK(waiter.refusal().scope == "narrow");
  CHECK(waiter.refusal().limit == "concurrency");
}

TEST_CASE("an interactive call's predicted wait counts no batch call of its own client", "[clients]") {
  Scene scene({.slots = 10, .queue_limit = 100, .max_wait = 10min});
  const GroupId group = scene.group("m", {});
  const ClientId client = scene.client("c", {rpm(60, 1)});
  scene.enter(asking(group, client));
  for (int i = 0; i < 30; ++i) scene.enter(asking(group, client, 0, kBatch));
  Ask ask = asking(group, client);
  CHECK(scene.gate->forecast(ask).wait == 1s);
  ask.deadline = scene.loop.now() + 2s;
  Caller& caller = scene.enter(ask);
  REQUIRE(caller.waits());
  scene.loop.run_for(1s);
  CHECK(caller.admitted());
}
