#include "limiter/gate.h"

#include <catch2/catch.hpp>

#include "limiter/store_memory.h"
#include "tests/limiter/gate_scene.h"

using namespace weir;
using namespace std::chrono_literals;

TEST_CASE("a call that fits is admitted at once, and holds a slot until it settles", "[gate]") {
  Scene scene({.slots = 1});
  const GroupId fast = scene.group("fast", {rpm(60, 5)});
  Caller& first = scene.enter(fast);
  REQUIRE(first.admitted());
  CHECK(scene.gate->state().slots_taken == 1);
  Caller& second = scene.enter(fast);
  CHECK(second.waits());
  first.lease().settle(Ending::success, Exact{});
  CHECK(second.admitted());
  CHECK(scene.gate->state().slots_taken == 1);
}

TEST_CASE("a call waits exactly until its bucket has refilled", "[gate]") {
  Scene scene;
  const GroupId fast = scene.group("fast", {rpm(60, 1)});
  REQUIRE(scene.enter(fast).admitted());
  Caller& second = scene.enter(fast);
  scene.loop.run_for(1s - 1ns);
  CHECK(second.waits());
  scene.loop.run_for(1ns);
  REQUIRE(second.admitted());
  CHECK(second.lease().waited() == 1s);
}

TEST_CASE("slot, requests and tokens are taken together or not at all", "[gate]") {
  Scene scene({.slots = 2});
  const GroupId fast = scene.group("fast", {rpm(60, 10), tpm(6000, 100)});
  REQUIRE(scene.enter(fast, {60, 30}).admitted());
  Caller& big = scene.enter(fast, {10, 10});  // needs 20, has 10
  CHECK(big.waits());
  CHECK(scene.gate->state().slots_taken == 1);
  CHECK(scene.store.level(0, scene.loop.now()) == 9);
  CHECK(scene.store.level(1, scene.loop.now()) == 10);
  scene.loop.run_for(100ms);
  CHECK(big.admitted());
  CHECK(scene.store.level(0, scene.loop.now()) == 8);
}

TEST_CASE("an exhausted model with fifty waiters does not touch another", "[gate]") {
  Scene scene({.slots = 8, .queue_limit = 100, .max_wait = 2min});
  const GroupId a = scene.group("a", {rpm(60, 1)});
  const GroupId b = scene.group("b", {rpm(6000, 100)});
  for (int i = 0; i < 51; ++i) scene.enter(a);
  CHECK(scene.gate->state(a).waiting == 50);
  for (int i = 0; i < 7; ++i) {
    Caller& caller = scene.enter(b);
    CHECK(caller.admitted());
    CHECK(caller.lease().waited() == 0ns);
  }
}

TEST_CASE("those who wait are admitted in order of arrival, one per refill, by one timer", "[gate]") {
  Scene scene({.slots = 100, .max_wait = 2min});
  const GroupId fast = scene.group("fast", {rpm(60, 1)});
  std::vector<Caller*> waiting;
  scene.enter(fast);
  for (int i = 0; i < 50; ++i) waiting.push_back(&scene.enter(fast));
  CHECK(scene.loop.timers() == 1);
  const auto timers_before = scene.loop.timers_ever();
  scene.loop.run_for(50s);
  for (std::size_t i = 0; i < waiting.size(); ++i) {
    REQUIRE(waiting[i]->admitted());
    CHECK(waiting[i]->lease().waited() == std::chrono::seconds(i + 1));
  }
  CHECK(scene.loop.timers_ever() - timers_before <= 51);  // exact and single wake-ups
  CHECK(scene.loop.timers() == 0);
}

TEST_CASE("asking for more than the burst is refused for good, by name", "[gate]") {
  Scene scene;
  const GroupId fast = scene.group("fast", {rpm(60, 1), tpm(6000, 1000)});
  CHECK(scene.enter(fast, {900, 101}).refusal() ==
        Refusal{Refusal::Reason::never, Refusal::Scope::model, "fast", "tpm", std::nullopt, 1000, 1001});
  CHECK(scene.enter(fast, {900, 100}).admitted());
}

TEST_CASE("a wait that would pass the deadline is refused at once, with the wait that would do", "[gate]") {
  Scene scene({.slots = 10, .queue_limit = 10, .max_wait = 3s});
  const GroupId fast = scene.group("fast", {rpm(60, 1)});
  scene.enter(fast);
  for (int i = 0; i < 3; ++i) CHECK(scene.enter(fast).waits());
  Caller& fifth = scene.enter(fast);
  REQUIRE_FALSE(fifth.waits());
  CHECK(fifth.refusal().reason == Refusal::Reason::wait_too_long);
  CHECK(fifth.refusal().scope == "fast");
  CHECK(fifth.refusal().limit == "rpm");
  CHECK(fifth.refusal().retry_after == 4s);
  scene.loop.run_for(4s - 1ns);
  CHECK(scene.enter(fast).waits());
}

TEST_CASE("a retry_after that is honoured is admitted", "[gate]") {
  Scene scene({.slots = 10, .queue_limit = 10, .max_wait = 0s});
  const GroupId fast = scene.group("fast", {rpm(60, 1), tpm(600, 10)});
  REQUIRE(scene.enter(fast, {5, 5}).admitted());
  const auto wait = scene.enter(fast, {5, 5}).refusal().retry_after;
  REQUIRE(wait);
  scene.loop.run_for(*wait - 1ns);
  CHECK_FALSE(scene.enter(fast, {5, 5}).admitted());
  scene.loop.run_for(1ns);
  CHECK(scene.enter(fast, {5, 5}).admitted());
}

TEST_CASE("who comes back when it was told to is not refused again, however many newcomers there are", "[gate]") {
  Scene scene({.slots = 100, .queue_limit = 3, .max_wait = 10s});
  const GroupId fast = scene.group("fast", {rpm(60, 1)});
  scene.enter(fast);
  for (int i = 0; i < 3; ++i) CHECK(scene.enter(fast).waits());
  std::vector<Instant> due;
  for (std::uint64_t number = 1; number <= 3; ++number) {
    const Refusal refusal = scene.enter(fast, {}, 0, {}, number).refusal();
    CHECK(refusal.reason == Refusal::Reason::queue_full);
    due.push_back(scene.loop.now() + *refusal.retry_after);
  }
  // Each is told an instant of its own: after those who wait, and after those who were told before.
  CHECK(due[1] == due[0] + 1s);
  CHECK(due[2] == due[1] + 1s);
  for (std::uint64_t number = 1; number <= 3; ++number) {
    while (scene.loop.now() < due[number - 1]) {
      scene.loop.run_for(250ms);
      scene.enter(fast);  // newcomers fill the queue whenever there is room
    }
    Caller& back = scene.enter(fast, {}, 0, {}, number);
    REQUIRE((back.waits() || back.admitted()));
    scene.loop.run_for(1s);
    CHECK(back.admitted());
  }
}

TEST_CASE("who comes back too early is refused again, and keeps its place", "[gate]") {
  Scene scene({.slots = 100, .queue_limit = 3, .max_wait = 3s});
  const GroupId fast = scene.group("fast", {rpm(60, 1)});
  scene.enter(fast);
  for (int i = 0; i < 3; ++i) scene.enter(fast);
  CHECK(scene.enter(fast, {}, 0, {}, 7).refusal().retry_after == 4s);
  CHECK(scene.enter(fast, {}, 0, {}, 8).refusal().retry_after == 5s);
  CHECK(scene.enter(fast, {}, 0, {}, 7).refusal().retry_after == 4s);
}

TEST_CASE("a promise that nobody redeems lapses, and holds nothing up meanwhile", "[gate]") {
  Scene scene({.slots = 100, .queue_limit = 1, .max_wait = 3s});
  const GroupId fast = scene.group("fast", {rpm(60, 1)});
  scene.enter(fast);
  CHECK(scene.enter(fast).waits());
  CHECK_FALSE(scene.enter(fast, {}, 0, {}, 7).waits());
  scene.loop.run_for(1500ms);
  CHECK(scene.enter(fast).waits());  // there is room and nothing stands before it but a promise
  scene.loop.run_for(30s);
  CHECK(scene.enter(fast).admitted());
  CHECK(scene.enter(fast).waits());
}

TEST_CASE("the waiters of one model do not fill the queue of another", "[gate]") {
  Scene scene({.slots = 1, .queue_limit = 2, .queue_bytes = 100});
  const GroupId a = scene.group("a", {});
  const GroupId b = scene.group("b", {});
  scene.enter(a);
  CHECK(scene.enter(a, {}, 50).waits());
  CHECK(scene.enter(a, {}, 50).waits());
  CHECK_FALSE(scene.enter(a).waits());
  CHECK(scene.enter(b, {}, 100).waits());
}

TEST_CASE("refusing costs nothing", "[gate]") {
  Scene scene({.slots = 10, .queue_limit = 0, .max_wait = 0s});
  const GroupId fast = scene.group("fast", {rpm(60, 2), tpm(6000, 100)});
  scene.enter(fast, {100, 0});
  for (int i = 0; i < 100; ++i) CHECK_FALSE(scene.enter(fast, {50, 0}).admitted());
  CHECK(scene.store.level(0, scene.loop.now()) == 1);
  CHECK(scene.store.level(1, scene.loop.now()) == 0);
  CHECK(scene.gate->state().slots_taken == 1);
}

TEST_CASE("the queue is bounded by count", "[gate]") {
  Scene scene({.slots = 1, .queue_limit = 2});
  const GroupId fast = scene.group("fast", {});
  scene.enter(fast);
  CHECK(scene.enter(fast).waits());
  CHECK(scene.enter(fast).waits());
  Caller& third = scene.enter(fast);
  CHECK(third.refusal().reason == Refusal::Reason::queue_full);
  CHECK(third.refusal().limit == "queue");
  CHECK(third.refusal().retry_after);
}

TEST_CASE("the queue is bounded by bytes", "[gate]") {
  Scene scene({.slots = 1, .queue_limit = 10, .queue_bytes = 100});
  const GroupId fast = scene.group("fast", {});
  scene.enter(fast, {}, 1000);  // not waiting: not counted
  CHECK(scene.enter(fast, {}, 60).waits());
  CHECK(scene.enter(fast, {}, 41).refusal().reason == Refusal::Reason::queue_full);
  CHECK(scene.enter(fast, {}, 40).waits());
  CHECK(scene.gate->state().bytes_waiting == 100);
}

TEST_CASE("who has waited as long as it may is refused, and the next moves up", "[gate]") {
  Scene scene({.slots = 1, .max_wait = 5s});
  const GroupId fast = scene.group("fast", {});
  Caller& holder = scene.enter(fast);
  Caller& waiter = scene.enter(fast);
  scene.loop.run_for(3s);
  Caller& later = scene.enter(fast);
  scene.loop.run_for(2s - 1ns);
  CHECK(waiter.waits());
  scene.loop.run_for(1ns);
  CHECK(waiter.refusal().reason == Refusal::Reason::timed_out);
  CHECK(waiter.refusal().limit == "concurrency");
  holder.lease().settle(Ending::success, Exact{});
  CHECK(later.admitted());
}

TEST_CASE("the caller's deadline counts when it is sooner", "[gate]") {
  Scene scene({.slots = 1, .max_wait = 5s});
  const GroupId fast = scene.group("fast", {});
  scene.enter(fast);
  Caller& waiter = scene.enter(fast, {}, 0, scene.loop.now() + 1s);
  scene.loop.run_for(1s);
  CHECK(waiter.refusal().reason == Refusal::Reason::timed_out);
}

TEST_CASE("at the instant of its deadline a call that can go is admitted, not refused", "[gate]") {
  Scene scene({.slots = 2, .max_wait = 1s});
  const GroupId fast = scene.group("fast", {rpm(60, 1)});
  scene.enter(fast);
  Caller& waiter = scene.enter(fast);
  REQUIRE(waiter.waits());
  scene.loop.run_for(1s);
  CHECK(waiter.admitted());
}

TEST_CASE("a cancelled waiter leaves at once, silently, and the next moves up", "[gate]") {
  Scene scene({.slots = 10, .max_wait = 2min, .aging_bound = 0s});
  const GroupId fast = scene.group("fast", {tpm(6000, 100)});
  scene.enter(fast, {100, 0});
  Caller& big = scene.enter(fast, {100, 0});
  Caller& small = scene.enter(fast, {1, 0});
  scene.loop.run_for(500ms);
  CHECK(small.waits());
  big.ticket.cancel();
  CHECK(small.admitted());
  CHECK(big.waits());
  scene.loop.run_for(1min);
  CHECK(big.waits());
  CHECK(scene.gate->state().waiting == 0);
}

TEST_CASE("a surplus that returns lets the next one go at once", "[gate]") {
  Scene scene({.slots = 10});
  const GroupId fast = scene.group("fast", {tpm(600, 100)});
  Caller& first = scene.enter(fast, {10, 90});
  Caller& second = scene.enter(fast, {10, 40});
  CHECK(second.waits());
  first.lease().settle(Ending::success, Exact{10, 12});
  CHECK(second.admitted());
  CHECK(scene.store.level(0, scene.loop.now()) == 28);
}

TEST_CASE("a model's own slots bound it beside the server's", "[gate]") {
  Scene scene({.slots = 3});
  const GroupId narrow = scene.group("narrow", {}, 1);
  const GroupId wide = scene.group("wide", {});
  Caller& first = scene.enter(narrow);
  Caller& second = scene.enter(narrow);
  CHECK(second.waits());
  CHECK(scene.enter(wide).admitted());
  CHECK(scene.enter(wide).admitted());
  CHECK(scene.enter(wide).waits());
  first.lease().settle(Ending::success, Exact{});
  CHECK(second.admitted());  // it came before the third of the wide ones
  CHECK(scene.gate->state(wide).waiting == 1);
}

TEST_CASE("equal keys are one limit group, whatever the alias", "[gate]") {
  Scene scene;
  const GroupId one = scene.gate->group({.key = "account+model", .name = "fast", .slots = {}, .limits = {rpm(60, 1)}});
  const GroupId two = scene.gate->group({.key = "account+model", .name = "alias", .slots = {}, .limits = {rpm(60, 1)}});
  CHECK(one == two);
  CHECK(scene.enter(one).admitted());
  CHECK(scene.enter(two).waits());
}

TEST_CASE("each ending books what the table says", "[lease]") {
  struct Row {
    Ending ending;
    Usage usage;
    std::int64_t requests, input, output, tokens;
  };
  // Reserved: 100 in, 50 out.
  const auto row = GENERATE(
      Row{Ending::success, Exact{80, 20}, 1, 80, 20, 100}, Row{Ending::success, Exact{120, 70}, 1, 120, 70, 190},
      Row{Ending::success, AtLeast{80, 20}, 1, 100, 50, 150}, Row{Ending::success, AtLeast{80, 70}, 1, 100, 70, 170},
      Row{Ending::never_sent, AtLeast{}, 0, 0, 0, 0}, Row{Ending::rejected, AtLeast{}, 1, 0, 0, 0},
      Row{Ending::broken, AtLeast{}, 1, 100, 50, 150}, Row{Ending::broken, AtLeast{0, 60}, 1, 100, 60, 160},
      Row{Ending::broken, Exact{10, 10}, 1, 100, 50, 150});
  const Estimate reserved{100, 50};
  CHECK(settled_units(Unit::requests, reserved, row.ending, row.usage) == row.requests);
  CHECK(settled_units(Unit::input_tokens, reserved, row.ending, row.usage) == row.input);
  CHECK(settled_units(Unit::output_tokens, reserved, row.ending, row.usage) == row.output);
  CHECK(settled_units(Unit::tokens, reserved, row.ending, row.usage) == row.tokens);
}

TEST_CASE("a lease that nobody settles gives all back before sending, and keeps all after", "[lease]") {
  Scene scene;
  const GroupId fast = scene.group("fast", {rpm(60, 10), tpm(6000, 100)});
  scene.enter(fast, {40, 10});
  scene.callers.clear();
  CHECK(scene.store.level(0, scene.loop.now()) == 10);
  CHECK(scene.store.level(1, scene.loop.now()) == 100);
  scene.enter(fast, {40, 10}).lease().sending();
  scene.callers.clear();
  CHECK(scene.store.level(0, scene.loop.now()) == 9);
  CHECK(scene.store.level(1, scene.loop.now()) == 50);
  CHECK(scene.gate->state().slots_taken == 0);
}

TEST_CASE("a lease that moves over another settles the other", "[lease]") {
  Scene scene({.slots = 2});
  const GroupId fast = scene.group("fast", {});
  Caller& one = scene.enter(fast);
  Caller& two = scene.enter(fast);
  one.lease() = std::move(two.lease());
  CHECK(scene.gate->state().slots_taken == 1);
  CHECK_FALSE(two.lease());
  one.lease().settle(Ending::success, Exact{});
  CHECK(scene.gate->state().slots_taken == 0);
}

TEST_CASE("closing refuses who waits and who comes; leases stay valid", "[gate]") {
  Scene scene({.slots = 1});
  const GroupId fast = scene.group("fast", {});
  Caller& holder = scene.enter(fast);
  Caller& waiter = scene.enter(fast);
  scene.gate->close();
  CHECK(waiter.refusal().reason == Refusal::Reason::closing);
  CHECK(scene.enter(fast).refusal().reason == Refusal::Reason::closing);
  holder.lease().settle(Ending::success, Exact{});
  CHECK(scene.gate->state().slots_taken == 0);
  CHECK(scene.loop.timers() == 0);
}

TEST_CASE("an answer may call back into the gate: enter, settle and cancel", "[gate]") {
  fakes::FakeLoop loop;
  MemoryStore store;
  Gate gate(loop, store, {.slots = 1, .queue_limit = 10});
  const GroupId fast = gate.group({.key = "k", .name = "fast", .slots = {}, .limits = {}});
  int admitted = 0;
  std::vector<Gate::Ticket> tickets(6);
  Lease held;
  auto first = gate.enter(asking(fast), [&](Admission a) { held = std::move(std::get<Lease>(a)); });
  tickets[5] = gate.enter(asking(fast), [&](Admission) { FAIL("was cancelled"); });
  for (int i = 0; i < 3; ++i)
    tickets[static_cast<std::size_t>(i)] = gate.enter(asking(fast), [&, i](Admission a) {
      ++admitted;
      if (i == 0)
        tickets[3] = gate.enter(asking(fast), [&](Admission b) {
          ++admitted;
          std::get<Lease>(b).settle(Ending::success, Exact{});
        });
      std::get<Lease>(a).settle(Ending::success, Exact{});
    });
  tickets[5].cancel();
  held.settle(Ending::success, Exact{});
  CHECK(admitted == 4);
  CHECK(gate.state().slots_taken == 0);
  CHECK(gate.state().waiting == 0);
}

TEST_CASE("who waits for a slot alone needs no timer but its deadline's", "[gate]") {
  Scene scene({.slots = 1, .queue_limit = 10'000, .max_wait = 1h});
  const GroupId fast = scene.group("fast", {rpm(6'000'000, 100'000)});
  scene.enter(fast);
  for (int i = 0; i < 10'000; ++i) scene.enter(fast);
  const auto timers_before = scene.loop.timers_ever();
  scene.loop.run_for(59min);
  CHECK(scene.loop.timers_ever() == timers_before);
  CHECK(scene.gate->state().waiting == 10'000);
}

TEST_CASE("who was told to come back finds what he was promised, whatever came free for newcomers meanwhile",
          "[gate]") {
  Scene scene({.slots = 10, .max_wait = 0s});
  const GroupId fast = scene.group("fast", {tpm(6000, 1000)});  // a hundred a second
  Caller& first = scene.enter(fast, {1000, 0});
  const Caller& told = scene.enter(fast, {500, 0}, 0, {}, 7);
  REQUIRE(told.refusal().retry_after > 4'999ms);
  first.lease().settle(Ending::success, Exact{600, 0});  // 400 come back at once
  CHECK(scene.enter(fast, {401, 0}).refusal().limit == "tpm");
  CHECK(scene.enter(fast, {400, 0}).admitted());  // in five seconds there are 500 again
  CHECK(scene.enter(fast, {1, 0}).refusal().limit == "tpm");
  scene.loop.run_for(5s);
  CHECK(scene.enter(fast, {1, 0}).refusal().limit == "tpm");
  CHECK(scene.enter(fast, {500, 0}, 0, {}, 7).admitted());
}

TEST_CASE("what was promised to somebody who does not come is free again, in time", "[gate]") {
  Scene scene({.slots = 10, .max_wait = 0s});
  const GroupId fast = scene.group("fast", {tpm(6000, 1000)});
  Caller& first = scene.enter(fast, {1000, 0});
  REQUIRE(scene.enter(fast, {500, 0}, 0, {}, 7).refusal().retry_after > 4'999ms);
  first.lease().settle(Ending::success, Exact{500, 0});  // all that is promised
  CHECK(scene.enter(fast, {600, 0}).refusal().limit == "tpm");
  scene.loop.run_for(15s);
  CHECK(scene.enter(fast, {1000, 0}).admitted());
}
