// Who finds room in a full queue, and at whose expense; and whom a ticket stands for.
#include <catch2/catch.hpp>

#include "tests/limiter/gate_scene.h"

using namespace weir;

namespace {

constexpr auto kBatch = Priority::batch;

// Nobody goes; four may wait.
struct FullQueue : Scene {
  FullQueue() : Scene({.slots = 1, .queue_limit = 4, .queue_bytes = 1000, .max_wait = 1h}) {
    m = group("m", {});
    heavy = client("heavy");
    light = client("light");
    enter(m);
  }
  Caller& wait(ClientId client, Priority priority = Priority::interactive, std::int64_t bytes = 0) {
    Ask ask = asking(m, client, 1, priority);
    ask.bytes = bytes;
    return enter(ask);
  }
  GroupId m;
  ClientId heavy, light;
};

bool turned_out(const Caller& caller) {
  return !caller.waits() && !caller.admitted() && caller.refusal().reason == Refusal::Reason::queue_full;
}

}  // namespace

TEST_CASE("in a full queue, the newest call of whoever has most makes room for one who has little", "[queue]") {
  FullQueue scene;
  std::vector<Caller*> heavy;
  for (int i = 0; i < 4; ++i) heavy.push_back(&scene.wait(scene.heavy));
  Caller& light = scene.wait(scene.light);
  CHECK(light.waits());
  CHECK(turned_out(*heavy[3]));
  CHECK(heavy[3]->refusal().limit == "queue");
  CHECK(heavy[3]->refusal().retry_after);
  CHECK(heavy[2]->waits());
  CHECK(scene.gate->state().waiting == 4);
}

TEST_CASE("nobody makes room for one who would then have as many", "[queue]") {
  FullQueue scene;
  for (int i = 0; i < 3; ++i) scene.wait(scene.heavy);
  scene.wait(scene.light);
  CHECK(scene.wait(scene.light).waits());  // two and two now
  Caller& third = scene.wait(scene.light);
  CHECK(turned_out(third));
  CHECK(turned_out(scene.wait(scene.heavy)));
  CHECK(scene.gate->state().waiting == 4);
}

TEST_CASE("a client makes no room for itself", "[queue]") {
  FullQueue scene;
  for (int i = 0; i < 4; ++i) scene.wait(scene.heavy);
  CHECK(turned_out(scene.wait(scene.heavy)));
}

TEST_CASE("a batch call makes room for an interactive one, whosever it is; never the other way round", "[queue]") {
  FullQueue scene;
  Caller& first = scene.wait(scene.light, kBatch);
  Caller& newest = scene.wait(scene.light, kBatch);
  scene.wait(scene.heavy);
  scene.wait(scene.heavy);
  CHECK(scene.wait(scene.heavy).waits());
  CHECK(turned_out(newest));
  CHECK(first.waits());
  CHECK(turned_out(scene.wait(scene.light, kBatch)));
  CHECK(scene.wait(scene.light).waits());
  CHECK(turned_out(first));
}

TEST_CASE("who is turned out is told when to come back, and is let in then", "[queue]") {
  Scene scene({.slots = 100, .queue_limit = 2, .max_wait = 1h});
  const GroupId group = scene.group("m", {rpm(60, 1)});
  const ClientId heavy = scene.client("heavy"), light = scene.client("light");
  scene.enter(group);
  scene.enter(asking(group, heavy));
  Ask ask = asking(group, heavy);
  ask.caller = 9;
  Caller& out = scene.enter(ask);
  scene.enter(asking(group, light));
  REQUIRE(turned_out(out));
  const Duration wait = *out.refusal().retry_after;
  CHECK(wait >= 2s);
  CHECK(wait <= 3s);
  scene.loop.run_for(wait);
  Caller& back = scene.enter(ask);
  CHECK((back.admitted() || back.waits()));
  scene.loop.run_for(1s);
  CHECK(back.admitted());
}

TEST_CASE("promises to one client do not hide that another has most waiting", "[queue]") {
  Scene scene({.slots = 1, .queue_limit = 4, .max_wait = 1h});
  const GroupId group = scene.group("m", {});
  const ClientId heavy = scene.client("heavy"), refused = scene.client("refused"), light = scene.client("light");
  scene.enter(group);
  Ask ask = asking(group, refused, 1, kBatch);
  for (int i = 0; i < 4; ++i) scene.enter(asking(group, heavy, 1));
  for (ask.caller = 1; ask.caller <= 10; ++ask.caller) REQUIRE(turned_out(scene.enter(ask)));
  ask.priority = Priority::interactive;
  CHECK(scene.enter(asking(group, light, 1)).waits());
}

TEST_CASE("room is made for bytes when one call's leaving is enough, and else not", "[queue]") {
  FullQueue scene;
  Caller& first = scene.wait(scene.heavy, {}, 500);
  Caller& second = scene.wait(scene.heavy, {}, 500);
  CHECK(turned_out(scene.wait(scene.light, {}, 501)));
  CHECK(second.waits());
  CHECK(scene.wait(scene.light, {}, 500).waits());
  CHECK(turned_out(second));
  CHECK(first.waits());
  CHECK(scene.gate->state().bytes_waiting == 1000);
}

TEST_CASE("the ticket of a call that was refused does not end the call that came back in its place", "[queue]") {
  Scene scene({.slots = 1, .queue_limit = 4, .max_wait = 1s});
  const GroupId group = scene.group("m", {});
  Caller& holder = scene.enter(group);
  Caller& first = scene.enter(group, {}, 0, {}, 7);
  scene.loop.run_for(1s);
  REQUIRE(first.refusal().reason == Refusal::Reason::timed_out);
  scene.loop.run_for(*first.refusal().retry_after);
  Caller& again = scene.enter(group, {}, 0, {}, 7);
  REQUIRE(again.waits());
  first.ticket = {};
  CHECK(scene.gate->state().waiting == 1);
  holder.lease().settle(Ending::success, Exact{});
  CHECK(again.admitted());
}

TEST_CASE("a call that can never go, since a limit was lowered, is refused for good and holds up nobody", "[queue]") {
  Scene scene({.slots = 10, .queue_limit = 10, .max_wait = 1h, .aging_bound = 0s});
  const GroupId group = scene.group("m", {tpm(6000, 1000)});
  Caller& holder = scene.enter(group, {1000, 0});
  Caller& large = scene.enter(group, {900, 0});
  Caller& small = scene.enter(group, {100, 0});
  REQUIRE(small.waits());
  Reading reading{.unit = Unit::tokens, .per = 1min, .limit = 600, .remaining = {}, .resets_in = {}};
  holder.lease().settle({.ending = Ending::success, .usage = Exact{1000, 0}, .feedback = {.readings = {reading}}});
  CHECK(large.refusal() == Refusal{Refusal::Reason::never, Refusal::Scope::model, "m", "tpm", std::nullopt, 100, 900});
  CHECK(small.waits());
  scene.loop.run_for(11min);
  CHECK(small.admitted());
}
