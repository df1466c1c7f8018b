// What a provider's refusals for a rate do to a group: what is closed, for how long, and how it opens again.
#include <catch2/catch.hpp>

#include "tests/limiter/gate_scene.h"

using namespace weir;

namespace {

// What was told to the observer of pauses.
struct Pauses final : Observer {
  std::vector<Paused> seen;
  void on(const Decision& decision) override {
    if (const auto* paused = std::get_if<Paused>(&decision)) seen.push_back(*paused);
  }
};

struct Paced : Scene {
  explicit Paced(std::vector<Limit> limits, int slots = 100, std::uint64_t seed = 1, Observer* observer = nullptr)
      : Scene({.slots = slots, .queue_limit = 1000, .max_wait = 1h, .observer = observer, .seed = seed}) {
    m = group("m", std::move(limits));
  }
  Caller& go(Estimate estimate = {10, 10}) {
    Caller& caller = enter(m, estimate);
    REQUIRE(caller.admitted());
    return caller;
  }
  std::vector<Caller*> go(int calls) {
    std::vector<Caller*> all;
    for (int i = 0; i < calls; ++i) all.push_back(&go());
    return all;
  }
  void refuse(Caller& caller, Feedback feedback = {}) {
    feedback.rate_limited = true;
    caller.lease().settle({.ending = Ending::rejected, .usage = AtLeast{}, .feedback = std::move(feedback)});
  }
  void answer(Caller& caller) { caller.lease().settle(Ending::success, Exact{10, 10}); }
  GroupId m;
};

Limit in_tpm(std::int64_t amount) { return {"input_tpm", Unit::input_tokens, amount, 1min, amount, 0}; }
Limit out_tpm(std::int64_t amount) { return {"output_tpm", Unit::output_tokens, amount, 1min, amount, 0}; }

Reading left(Unit unit, std::int64_t remaining, Duration resets_in = {}) {
  return {.unit = unit, .per = 1min, .limit = {}, .remaining = remaining, .resets_in = resets_in};
}

}  // namespace

TEST_CASE("a refusal with Retry-After closes the group until then, to the nanosecond", "[pause]") {
  Paced scene({});
  Caller& other = scene.go();
  scene.refuse(scene.go(), {.retry_after = 3s});
  CHECK(scene.gate->paused_for(scene.m) == 3s);
  Caller& waiter = scene.enter(scene.m);
  scene.loop.run_for(3s - 1ns);
  CHECK(waiter.waits());
  scene.loop.run_for(1ns);
  CHECK(waiter.admitted());
  scene.answer(other);
}

TEST_CASE("an answer in time that is no refusal for a rate closes nothing", "[pause]") {
  Paced scene({rpm(600, 100)});
  scene.go().lease().settle({.ending = Ending::rejected, .usage = AtLeast{}, .feedback = {.retry_after = 3s}});
  CHECK(scene.gate->paused_for(scene.m) == 0s);
  scene.go();
}

TEST_CASE("only the dimension that is exhausted is closed, until its own reset", "[pause]") {
  Paced scene({rpm(6000, 100), out_tpm(100'000)});
  scene.refuse(scene.go(), {.readings = {left(Unit::requests, 50, 1s), left(Unit::output_tokens, 0, 7s)}});
  const auto limits = scene.gate->limits(scene.m);
  CHECK_FALSE(limits[0].closed_for);
  CHECK(limits[1].closed_for == 7s);
  Caller& needs_output = scene.enter(scene.m, {10, 10});
  Caller& needs_none = scene.enter(scene.m, {10, 0});
  CHECK(needs_none.admitted());
  CHECK(needs_output.waits());
  scene.answer(needs_none);
  scene.loop.run_for(7s - 1ns);
  CHECK(needs_output.waits());
  scene.loop.run_for(1ns);
  CHECK(needs_output.admitted());
}

TEST_CASE("of several exhausted dimensions the latest reset counts", "[pause]") {
  Paced scene({rpm(6000, 100), in_tpm(100'000), out_tpm(100'000)});
  scene.refuse(scene.go(), {.readings = {left(Unit::requests, 0, 2s), left(Unit::output_tokens, 0, 9s),
                                         left(Unit::input_tokens, 0, 4s)}});
  Caller& waiter = scene.enter(scene.m, {10, 10});
  scene.loop.run_for(9s - 1ns);
  CHECK(waiter.waits());
  scene.loop.run_for(1ns);
  CHECK(waiter.admitted());
}

TEST_CASE("of two readings of one dimension the later reset counts", "[pause]") {
  Paced scene({rpm(6000, 100)});
  scene.refuse(scene.go(), {.readings = {left(Unit::requests, 0, 9s), left(Unit::requests, 0, 2s)}});
  CHECK(scene.gate->paused_for(scene.m) == 9s);
}

TEST_CASE("what the provider says of when to come back goes before when it is full again", "[pause]") {
  for (const Duration said : {2s, 8s}) {
    Paced scene({rpm(6000, 100)});
    scene.refuse(scene.go(), {.readings = {left(Unit::requests, 0, 5s)}, .retry_after = said});
    CHECK(scene.gate->paused_for(scene.m) == said);
  }
}

TEST_CASE("a dimension that the provider names is closed without a reading", "[pause]") {
  Paced scene({rpm(6000, 100), tpm(100'000, 100'000)});
  scene.refuse(scene.go(), {.retry_after = 5s, .exhausted = Unit::tokens});
  CHECK_FALSE(scene.gate->limits(scene.m)[0].closed_for);
  CHECK(scene.gate->limits(scene.m)[1].closed_for == 5s);
}

TEST_CASE("what is left is too little for the refused call: that dimension is exhausted", "[pause]") {
  Paced scene({tpm(100'000, 100'000)});
  scene.refuse(scene.go({60, 40}), {.readings = {left(Unit::tokens, 99, 2s)}});
  CHECK(scene.gate->limits(scene.m)[0].closed_for == 2s);
  Paced enough({tpm(100'000, 100'000)});
  enough.refuse(enough.go({60, 40}), {.readings = {left(Unit::tokens, 100, 2s)}, .retry_after = 1s});
  CHECK(enough.gate->paused_for(enough.m) == 1s);  // the group, for another reason
}

TEST_CASE("after a pause one call goes as a probe, then two, four, and so on until as many as before", "[pause]") {
  Paced scene({});
  auto before = scene.go(10);
  for (Caller* caller : before) scene.refuse(*caller, {.retry_after = 1s});
  std::vector<Caller*> waiting;
  for (int i = 0; i < 60; ++i) waiting.push_back(&scene.enter(scene.m));
  scene.loop.run_for(1s);
  const auto under_way = [&] { return scene.gate->state(scene.m).slots_taken; };
  const auto answer_round = [&] {
    std::vector<Caller*> round;
    for (Caller* caller : waiting)
      if (caller->admitted() && caller->lease()) round.push_back(caller);
    for (Caller* caller : round) scene.answer(*caller);
  };
  CHECK(under_way() == 1);
  answer_round();
  CHECK(under_way() == 2);
  answer_round();
  CHECK(under_way() == 4);
  answer_round();
  CHECK(under_way() == 8);
  answer_round();
  CHECK(under_way() == 45);  // all that are left
}

TEST_CASE("a round that is not refused for half a second counts as well, and not a nanosecond sooner", "[pause]") {
  Paced scene({});
  auto before = scene.go(10);
  for (Caller* caller : before) scene.refuse(*caller, {.retry_after = 1s});
  for (int i = 0; i < 60; ++i) scene.enter(scene.m);
  scene.loop.run_for(1s);
  const auto under_way = [&] { return scene.gate->state(scene.m).slots_taken; };
  CHECK(under_way() == 1);
  scene.loop.run_for(500ms - 1ns);
  CHECK(under_way() == 1);
  scene.loop.run_for(1ns);
  CHECK(under_way() == 2);
  scene.loop.run_for(500ms);
  CHECK(under_way() == 4);
  scene.loop.run_for(1s);
  CHECK(under_way() == 60);
}

TEST_CASE("a probe that is refused closes the group again, and one goes after that", "[pause]") {
  Paced scene({});
  auto before = scene.go(4);
  scene.loop.run_for(50ms);
  for (Caller* caller : before) scene.refuse(*caller, {.retry_after = 1s});
  std::vector<Caller*> waiting;
  for (int i = 0; i < 5; ++i) waiting.push_back(&scene.enter(scene.m));
  scene.loop.run_for(1s);
  REQUIRE(waiting[0]->admitted());
  REQUIRE(waiting[1]->waits());
  scene.loop.run_for(50ms);
  scene.refuse(*waiting[0], {.retry_after = 2s});
  scene.loop.run_for(2s - 1ns);
  CHECK(waiting[1]->waits());
  scene.loop.run_for(1ns);
  CHECK(waiting[1]->admitted());
  CHECK(waiting[2]->waits());
}

TEST_CASE("a probe that ends without an answer lets another try, and no second one", "[pause]") {
  Paced scene({});
  auto before = scene.go(4);
  for (Caller* caller : before) scene.refuse(*caller, {.retry_after = 1s});
  std::vector<Caller*> waiting;
  for (int i = 0; i < 5; ++i) waiting.push_back(&scene.enter(scene.m));
  scene.loop.run_for(1s);
  REQUIRE(waiting[0]->admitted());
  waiting[0]->lease().settle(Ending::broken);
  CHECK(waiting[1]->admitted());
  CHECK(waiting[2]->waits());
  waiting[1]->lease().settle(Ending::never_sent);
  CHECK(waiting[2]->admitted());
  CHECK(waiting[3]->waits());
}

TEST_CASE("answers to calls that were under way before the pause open nothing", "[pause]") {
  Paced scene({});
  auto before = scene.go(6);
  scene.loop.run_for(100ms);
  scene.refuse(*before[0], {.retry_after = 1s});
  for (std::size_t i = 1; i < 6; ++i) scene.answer(*before[i]);
  std::vector<Caller*> waiting;
  for (int i = 0; i < 5; ++i) waiting.push_back(&scene.enter(scene.m));
  scene.loop.run_for(1s);
  CHECK(waiting[0]->admitted());
  CHECK(waiting[1]->waits());
}

TEST_CASE("without a word how long, the wait is random up to twice as long with each refusal in a row", "[pause]") {
  // The bounds of LIMITS: full jitter over 1, 2, 4… s, never below 100 ms, never above a minute.
  const std::vector<Duration> bounds{1s, 2s, 4s, 8s, 16s, 32s, 60s, 60s};
  std::vector<Duration> longest(bounds.size()), shortest(bounds.size(), 1h);
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    Paced scene({}, 100, seed);
    for (std::size_t i = 0; i < bounds.size(); ++i) {
      scene.refuse(scene.go());
      const Duration span = scene.gate->paused_for(scene.m);
      CHECK(span >= 100ms);
      CHECK(span <= bounds[i]);
      longest[i] = std::max(longest[i], span);
      shortest[i] = std::min(shortest[i], span);
      scene.loop.run_for(span);
    }
  }
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    CHECK(longest[i] > bounds[i] * 9 / 10);
    CHECK(shortest[i] <= std::max<Duration>(bounds[i] / 10, 100ms));
  }
}

TEST_CASE("an answer ends the row of refusals", "[pause]") {
  Duration longest{};
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    Paced scene({}, 100, seed);
    for (int i = 0; i < 5; ++i) {
      scene.refuse(scene.go());
      scene.loop.run_for(scene.gate->paused_for(scene.m));
    }
    scene.answer(scene.go());
    scene.refuse(scene.go());
    longest = std::max(longest, scene.gate->paused_for(scene.m));
  }
  CHECK(longest <= 1s);
}

TEST_CASE("refusals of calls that were under way already do not lengthen the wait", "[pause]") {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    Paced scene({}, 100, seed);
    auto before = scene.go(20);
    scene.loop.run_for(50ms);
    scene.refuse(*before[0]);
    const Duration first = scene.gate->paused_for(scene.m);
    for (std::size_t i = 1; i < 20; ++i) scene.refuse(*before[i]);
    CHECK(scene.gate->paused_for(scene.m) == first);
    scene.loop.run_for(first);
    scene.refuse(scene.go());
    CHECK(scene.gate->paused_for(scene.m) <= 2s);  // the second in a row
  }
}

TEST_CASE("a later Retry-After of a call that was under way is a floor all the same", "[pause]") {
  Paced scene({});
  auto before = scene.go(2);
  scene.loop.run_for(50ms);
  scene.refuse(*before[0], {.retry_after = 1s});
  scene.refuse(*before[1], {.retry_after = 5s});
  CHECK(scene.gate->paused_for(scene.m) == 5s);
}

TEST_CASE("a pause is seen by every alias of the group, and by no other group", "[pause]") {
  Paced scene({});
  const GroupId alias = scene.gate->group({.key = "key of m", .name = "alias", .slots = {}, .limits = {}});
  const GroupId other = scene.group("other", {});
  scene.refuse(scene.go(), {.retry_after = 5s});
  CHECK(scene.enter(alias).waits());
  CHECK(scene.enter(other).admitted());
}

TEST_CASE("a refusal that may not wait for the pause's end names the pause, and when it ends", "[pause]") {
  Paced scene({});
  scene.refuse(scene.go(), {.retry_after = 5s});
  Caller& caller = scene.enter(scene.m, {}, 0, scene.loop.now() + 1s);
  CHECK(caller.refusal().reason == Refusal::Reason::wait_too_long);
  CHECK(caller.refusal().of == Refusal::Scope::model);
  CHECK(caller.refusal().scope == "m");
  CHECK(caller.refusal().limit == "pause");
  CHECK(caller.refusal().retry_after == 5s);
}

TEST_CASE("what was paused is told: which limit, for how long, and whether slices were finer", "[pause]") {
  Pauses pauses;
  Paced scene({rpm(6000, 100), out_tpm(100'000)}, 100, 1, &pauses);
  auto calls = scene.go(2);
  scene.refuse(*calls[0], {.readings = {left(Unit::output_tokens, 0, 7s)}});
  scene.refuse(*calls[1], {.readings = {left(Unit::requests, 90)}, .retry_after = 2s});
  REQUIRE(pauses.seen.size() == 2);
  CHECK(pauses.seen[0].limit == "output_tpm");
  CHECK(pauses.seen[0].span == 7s);
  CHECK_FALSE(pauses.seen[0].finer_slices);
  CHECK(pauses.seen[1].limit.empty());
  CHECK(pauses.seen[1].span == 2s);
}

TEST_CASE("a limit that is named although enough of it is left is counted in finer slices", "[pause]") {
  for (const std::int64_t remaining : {99, 100}) {
    weir::Scene scene({.slots = 8});
    const GroupId group = scene.group("m", {tpm(6000, 1000)});
    Caller& call = scene.enter(group, {100, 0});
    call.lease().sending();
    Settlement refused{.ending = Ending::rejected};
    refused.feedback = {.readings = {{.unit = Unit::tokens, .remaining = remaining}}, .rate_limited = true};
    refused.feedback.exhausted = Unit::tokens;
    refused.feedback.retry_after = 1s;
    call.lease().settle(refused);
    CHECK(scene.gate->limits(group).at(0).limit.at_once == (remaining < 100 ? 0 : 500));
    CHECK(scene.gate->paused_for(group) == 1s);
  }
}
