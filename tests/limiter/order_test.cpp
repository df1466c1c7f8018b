// In which order those who wait are admitted: by class, by share, by arrival; and who may pass whom.
#include <catch2/catch.hpp>

#include "tests/limiter/gate_scene.h"

using namespace weir;

namespace {

constexpr auto kBatch = Priority::batch;

// One slot, taken: whoever comes waits, and each that is let go shows the order.
struct OneSlot : Scene {
  OneSlot() : Scene({.slots = 1, .queue_limit = 5000, .max_wait = 1h}) {
    group_ = group("m", {});
    holder_ = &enter(group_);
  }
  Caller& wait(Ask ask) {
    Caller& caller = enter(ask);
    REQUIRE(caller.waits());
    return caller;
  }
  // Lets the one go that holds the slot; answers who came next, as a number among `waiting`.
  std::size_t next(const std::vector<Caller*>& waiting, Usage usage = AtLeast{}) {
    holder_->lease().settle(Ending::success, std::move(usage));
    for (std::size_t i = 0; i < waiting.size(); ++i) {
      if (!waiting[i]->admitted() || !waiting[i]->lease()) continue;
      holder_ = waiting[i];
      return i;
    }
    FAIL("nobody was admitted");
    return 0;
  }
  GroupId group_;
  Caller* holder_;
};

}  // namespace

TEST_CASE("interactive calls go before batch calls, whoever asked and when", "[order]") {
  OneSlot scene;
  const ClientId a = scene.client("a"), b = scene.client("b");
  std::vector<Caller*> waiting;
  for (int i = 0; i < 3; ++i) waiting.push_back(&scene.wait(asking(scene.group_, a, 1, kBatch)));
  waiting.push_back(&scene.wait(asking(scene.group_, b, 1, kBatch)));
  waiting.push_back(&scene.wait(asking(scene.group_, a, 1000)));
  waiting.push_back(&scene.wait(asking(scene.group_, a, 1)));
  CHECK(scene.next(waiting) == 4);
  CHECK(scene.next(waiting) == 5);
  CHECK(scene.next(waiting) == 3);  // b has had less
  CHECK(scene.next(waiting) == 0);
}

TEST_CASE("of one client, calls go in the order in which they came", "[order]") {
  OneSlot scene;
  const ClientId a = scene.client("a");
  std::vector<Caller*> waiting;
  for (const int size : {5, 1, 9, 3}) waiting.push_back(&scene.wait(asking(scene.group_, a, size)));
  for (std::size_t i = 0; i < waiting.size(); ++i) CHECK(scene.next(waiting) == i);
}

TEST_CASE("a smaller call passes a larger one that tokens hold up, until that one has aged", "[order]") {
  const auto passes_after = [](Duration waited) {
    Scene scene({.slots = 10, .max_wait = 1h, .aging_bound = 5s});
    const GroupId group = scene.group("m", {tpm(60, 100)});
    REQUIRE(scene.enter(group, {100, 0}).admitted());
    Caller& large = scene.enter(group, {100, 0});
    scene.loop.run_for(waited);
    Caller& small = scene.enter(group, {1, 0});
    const bool passed = small.admitted();
    if (!passed) {
      while (large.waits()) scene.loop.step(Instant::max());
      CHECK(small.waits());  // it was next
      scene.loop.run_for(1s);
      CHECK(small.admitted());
    }
    return passed;
  };
  CHECK(passes_after(2s));
  CHECK(passes_after(5s - 1ns));
  CHECK_FALSE(passes_after(5s));
  CHECK_FALSE(passes_after(20s));
}

TEST_CASE("once it has aged, a large call is not passed by those of other clients either", "[order]") {
  Scene scene({.slots = 10, .max_wait = 1h, .aging_bound = 5s});
  const GroupId group = scene.group("m", {tpm(60, 100)});
  const ClientId a = scene.client("a"), b = scene.client("b");
  REQUIRE(scene.enter(group, {100, 0}).admitted());
  Caller& large = scene.enter(asking(group, a, 100));
  std::vector<Caller*> small;
  for (int i = 0; i < 100; ++i) {
    scene.loop.run_for(1s);
    small.push_back(&scene.enter(asking(group, b, 1)));
  }
  scene.loop.run_for(5s + 1us);
  REQUIRE(large.admitted());
  int before = 0;
  for (const Caller* caller : small) before += caller->admitted() && caller->answered_at < large.answered_at;
  CHECK(before == 4);  // those that came before it had aged
}

TEST_CASE("of one client, nobody passes a call that has aged while another client's is first", "[order]") {
  const auto small_passes = [](Duration waited) {
    Scene scene({.slots = 10, .max_wait = 1h, .aging_bound = 5s});
    const GroupId group = scene.group("m", {tpm(60, 100)});
    const ClientId a = scene.client("a"), b = scene.client("b");
    REQUIRE(scene.enter(asking(group, a, 5)).admitted());
    REQUIRE(scene.enter(asking(group, 0, 95)).admitted());
    Caller& large = scene.enter(asking(group, a, 100));
    scene.loop.run_for(waited);
    Caller& first = scene.enter(asking(group, b, 90));  // b has had nothing yet
    const bool passes = scene.enter(asking(group, a, 1)).admitted();
    CHECK(large.waits());
    CHECK(first.waits());
    return passes;
  };
  CHECK(small_passes(5s - 1ns));
  CHECK_FALSE(small_passes(5s));
}

TEST_CASE("a smaller call passes only who can still go in time afterwards", "[order]") {
  const auto small_passes = [](Duration spare) {
    Scene scene({.slots = 10, .max_wait = 1h, .aging_bound = 1h});
    const GroupId group = scene.group("m", {tpm(60, 100)});
    REQUIRE(scene.enter(group, {100, 0}).admitted());
    Caller& large = scene.enter(group, {50, 0}, 0, scene.loop.now() + 50s + spare);
    scene.loop.run_for(10s);
    const bool passes = scene.enter(group, {1, 0}).admitted();
    scene.loop.run_for(1min);
    CHECK(large.admitted());
    return passes;
  };
  CHECK_FALSE(small_passes(1s - 200ns));  // the bucket lets a call go some nanoseconds early, never late
  CHECK(small_passes(1s));
}

TEST_CASE("who came back when told to is passed by nobody", "[order]") {
  Scene scene({.slots = 10, .max_wait = 1h, .aging_bound = 1h});
  const GroupId group = scene.group("m", {tpm(60, 100)});
  REQUIRE(scene.enter(group, {100, 0}).admitted());
  const Refusal told = scene.enter(group, {50, 0}, 0, scene.loop.now() + 1s, 7).refusal();
  scene.loop.run_for(*told.retry_after - 10ms);
  Caller& back = scene.enter(group, {50, 0}, 0, {}, 7);
  REQUIRE(back.waits());
  CHECK(scene.enter(group, {1, 0}).waits());
  scene.loop.run_for(10ms);
  CHECK(back.admitted());
}

TEST_CASE("a smaller batch call does not pass a larger interactive one", "[order]") {
  Scene scene({.slots = 10, .max_wait = 1h});
  const GroupId group = scene.group("m", {tpm(60, 100)});
  REQUIRE(scene.enter(group, {98, 0}).admitted());
  Caller& large = scene.enter(asking(group, 0, 50));
  Caller& batch = scene.enter(asking(group, 0, 1, kBatch));
  CHECK(batch.waits());
  CHECK(scene.enter(asking(group, 0, 1)).admitted());
  scene.loop.run_for(49s);
  CHECK(large.admitted());
  CHECK(batch.waits());
}

TEST_CASE("a smaller batch call passes a larger batch call while no interactive one waits", "[order]") {
  Scene scene({.slots = 10, .max_wait = 1h});
  const GroupId group = scene.group("m", {tpm(60, 100)});
  REQUIRE(scene.enter(group, {98, 0}).admitted());
  CHECK(scene.enter(asking(group, 0, 50, kBatch)).waits());
  CHECK(scene.enter(asking(group, 0, 1, kBatch)).admitted());
}

TEST_CASE("an aged batch call does not hold up an interactive one", "[order]") {
  Scene scene({.slots = 10, .max_wait = 1h, .aging_bound = 1s});
  const GroupId group = scene.group("m", {tpm(60, 100)});
  REQUIRE(scene.enter(group, {100, 0}).admitted());
  Caller& batch = scene.enter(asking(group, 0, 50, kBatch));
  scene.loop.run_for(10s);
  CHECK(scene.enter(asking(group, 0, 10)).admitted());
  CHECK(batch.waits());
}

TEST_CASE("a client with one call goes next beside one with a thousand in the queue", "[order]") {
  OneSlot scene;
  const ClientId heavy = scene.client("heavy"), light = scene.client("light");
  std::vector<Caller*> waiting;
  for (int i = 0; i < 1000; ++i) waiting.push_back(&scene.wait(asking(scene.group_, heavy, 100)));
  for (int i = 0; i < 5; ++i) scene.next(waiting);
  waiting.push_back(&scene.wait(asking(scene.group_, light, 100)));
  CHECK(scene.next(waiting) == 1000);
}

TEST_CASE("a client with one call goes next also when the heavy one has been given back most of what it reserved",
          "[order]") {
  // Eight calls go at once, each reserving 2,048 tokens and using 12; then the rate lets one go a second.
  Scene scene({.slots = 8, .queue_limit = 5000, .max_wait = 1h});
  const GroupId group = scene.group("m", {rpm(60, 8)});
  const ClientId heavy = scene.client("heavy"), light = scene.client("light");
  std::vector<Caller*> calls;
  for (int i = 0; i < 1000; ++i) calls.push_back(&scene.enter(asking(group, heavy, 2048)));
  const auto settle_all = [&] {
    for (Caller* caller : calls)
      if (caller->admitted() && caller->lease()) caller->lease().settle(Ending::success, Exact{12, 0});
  };
  settle_all();
  for (int i = 0; i < 3; ++i) {
    scene.loop.run_for(1s);
    settle_all();
  }
  Caller& call = scene.enter(asking(group, light, 2048));
  CHECK(call.waits());
  scene.loop.run_for(1s);
  CHECK(call.admitted());
}

TEST_CASE("a client that joins while the heavy one's calls are under way is not behind what those give back",
          "[order]") {
  Scene scene({.slots = 8, .queue_limit = 5000, .max_wait = 1h});
  const GroupId group = scene.group("m", {rpm(60, 8)});
  const ClientId heavy = scene.client("heavy"), light = scene.client("light");
  std::vector<Caller*> calls;
  for (int i = 0; i < 100; ++i) calls.push_back(&scene.enter(asking(group, heavy, 2048)));
  Caller& call = scene.enter(asking(group, light, 2048));
  for (std::size_t i = 0; i < 8; ++i) calls[i]->lease().settle(Ending::success, Exact{12, 0});
  scene.loop.run_for(1s);
  CHECK(call.admitted());
}

TEST_CASE("who joins stands level with the first who may go, also when others have had much more meanwhile",
          "[order]") {
  Scene scene({.slots = 2, .queue_limit = 5000, .max_wait = 1h});
  const GroupId group = scene.group("m", {});
  const ClientId held = scene.client("held", {tpm(60, 100)}), busy = scene.client("busy"),
                 light = scene.client("light");
  Caller& first = scene.enter(asking(group, held, 100));
  std::vector<Caller*> waiting;
  for (int i = 0; i < 20; ++i) waiting.push_back(&scene.enter(asking(group, held, 1)));
  for (int i = 0; i < 50; ++i) scene.enter(asking(group, busy, 1000)).lease().settle(Ending::success, Exact{1000, 0});
  Caller& last = scene.enter(asking(group, busy, 1000));
  first.lease().settle(Ending::success, Exact{1, 0});
  REQUIRE(waiting[0]->admitted());
  Caller& call = scene.enter(asking(group, light, 1));
  last.lease().settle(Ending::success, Exact{1000, 0});
  CHECK(call.admitted());
}

TEST_CASE("a client that idled has no claim to what it did not use meanwhile", "[order]") {
  OneSlot scene;
  const ClientId busy = scene.client("busy"), idle = scene.client("idle");
  std::vector<Caller*> waiting;
  waiting.push_back(&scene.wait(asking(scene.group_, idle, 100)));
  for (int i = 0; i < 200; ++i) waiting.push_back(&scene.wait(asking(scene.group_, busy, 100)));
  for (int i = 0; i < 101; ++i) scene.next(waiting, Exact{100, 0});
  for (int i = 0; i < 50; ++i) waiting.push_back(&scene.wait(asking(scene.group_, idle, 100)));
  int of_idle = 0;
  for (int i = 0; i < 20; ++i) of_idle += scene.next(waiting, Exact{100, 0}) > 200;
  CHECK(of_idle >= 10);
  CHECK(of_idle <= 11);
}

TEST_CASE("between groups that share the server's slots, calls take turns", "[order]") {
  OneSlot scene;
  const GroupId other = scene.group("other", {});
  std::vector<Caller*> waiting;
  for (int i = 0; i < 10; ++i) waiting.push_back(&scene.wait(asking(scene.group_)));
  for (int i = 0; i < 3; ++i) waiting.push_back(&scene.wait(asking(other)));
  int of_other = 0;
  for (int i = 0; i < 6; ++i) of_other += scene.next(waiting) >= 10;
  CHECK(of_other == 3);
}

TEST_CASE("between groups, an interactive call goes before a batch call", "[order]") {
  OneSlot scene;
  const GroupId other = scene.group("other", {});
  std::vector<Caller*> waiting;
  waiting.push_back(&scene.wait(asking(scene.group_, 0, 1, kBatch)));
  waiting.push_back(&scene.wait(asking(other)));
  CHECK(scene.next(waiting) == 1);
}
