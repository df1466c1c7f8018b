// What a provider's headers change: levels fall and never rise, limits are adopted, slices become finer and coarser.
#include <catch2/catch.hpp>

#include "tests/limiter/gate_scene.h"

using namespace weir;

namespace {

struct Adoptions final : Observer {
  std::vector<Adopted> seen;
  void on(const Decision& decision) override {
    if (const auto* adopted = std::get_if<Adopted>(&decision)) seen.push_back(*adopted);
  }
};

struct Heeding : Scene {
  explicit Heeding(std::vector<Limit> limits, bool adopt_higher = false, Observer* observer = nullptr)
      : Scene({.slots = 100, .queue_limit = 1000, .max_wait = 1h, .observer = observer}) {
    m = gate->group(
        {.key = "k", .name = "m", .slots = {}, .limits = std::move(limits), .adopt_higher_limits = adopt_higher});
  }
  Caller& go(Estimate estimate = {10, 0}) {
    Caller& caller = enter(m, estimate);
    REQUIRE(caller.admitted());
    return caller;
  }
  void answer(Caller& caller, std::vector<Reading> readings, std::optional<Instant> heard = {}) {
    caller.lease().settle({.ending = Ending::success,
                           .usage = Exact{caller.lease().reserved().input_tokens, 0},
                           .feedback = {.readings = std::move(readings), .heard_at = heard}});
  }
  void refuse_with_some_left(Caller& caller) {
    caller.lease().settle(
        {.ending = Ending::rejected,
         .usage = AtLeast{},
         .feedback = {
             .readings = {{.unit = Unit::requests, .per = 1min, .limit = {}, .remaining = 50, .resets_in = {}}},
             .rate_limited = true,
             .retry_after = 1s}});
  }
  std::int64_t level(std::size_t limit = 0) const { return gate->limits(m).at(limit).level; }
  Limit limit(std::size_t i = 0) const { return gate->limits(m).at(i).limit; }
  GroupId m;
};

Reading reading(Unit unit, std::optional<std::int64_t> limit, std::optional<std::int64_t> remaining,
                std::optional<Duration> per = 1min) {
  return {.unit = unit, .per = per, .limit = limit, .remaining = remaining, .resets_in = {}};
}

}  // namespace

TEST_CASE("headers lower a level, and never raise it", "[headers]") {
  Heeding scene({rpm(600, 100)});
  scene.answer(scene.go(), {reading(Unit::requests, {}, 40)});
  CHECK(scene.level() == 40);
  scene.answer(scene.go(), {reading(Unit::requests, {}, 90)});
  CHECK(scene.level() == 39);
}

TEST_CASE("what was admitted after the answer was made is taken off what it says is left", "[headers]") {
  Heeding scene({rpm(600, 100), tpm(6000, 1000)});
  Caller& first = scene.go({100, 0});
  scene.loop.run_for(1s);
  const Instant heard = scene.loop.now();
  scene.go({200, 0});
  scene.go({50, 0}).lease().settle(Ending::success, Exact{40, 0});
  scene.loop.run_for(2s);
  scene.answer(first, {reading(Unit::requests, {}, 60), reading(Unit::tokens, {}, 500)}, heard);
  CHECK(scene.level(0) == 58);
  CHECK(scene.level(1) == 260);
}

TEST_CASE("what was admitted up to 100 ms before the answer may have been on its way: it is taken off too",
          "[headers]") {
  const auto left_when_admitted = [](Duration before) {
    Heeding scene({rpm(600, 100)});
    Caller& first = scene.go();
    scene.loop.run_for(1s);
    scene.go();
    scene.loop.run_for(before);
    scene.answer(first, {reading(Unit::requests, {}, 60)});
    return scene.level();
  };
  CHECK(left_when_admitted(100ms - 1ns) == 59);
  CHECK(left_when_admitted(100ms) == 60);
}

TEST_CASE("a call that was never sent is not taken off", "[headers]") {
  Heeding scene({rpm(600, 100), tpm(6000, 1000)});
  Caller& first = scene.go({100, 0});
  scene.loop.run_for(1s);
  scene.go({200, 0}).lease().settle(Ending::never_sent);
  scene.answer(first, {reading(Unit::requests, {}, 60), reading(Unit::tokens, {}, 500)});
  CHECK(scene.level(0) == 60);
  CHECK(scene.level(1) == 500);
}

TEST_CASE("what a call under way has been topped up by is taken off too", "[headers]") {
  Heeding scene({tpm(6000, 1000)});
  Caller& first = scene.go({100, 0});
  scene.loop.run_for(1s);
  Caller& second = scene.go({100, 0});
  second.lease().sending();
  second.lease().top_up({100, 200});
  scene.answer(first, {reading(Unit::tokens, {}, 500)});
  CHECK(scene.level() == 200);
}

TEST_CASE("older headers than the newest that were applied are ignored", "[headers]") {
  Heeding scene({rpm(600, 100)});
  Caller& first = scene.go();
  Caller& second = scene.go();
  Caller& third = scene.go();
  scene.loop.run_for(2s);
  const Instant heard = scene.loop.now();
  scene.answer(first, {reading(Unit::requests, {}, 60)}, heard);
  CHECK(scene.level() == 60);
  scene.answer(second, {reading(Unit::requests, {}, 10)}, heard - 1ns);
  CHECK(scene.level() == 60);
  scene.answer(third, {reading(Unit::requests, {}, 10)}, heard);
  CHECK(scene.level() == 10);
}

TEST_CASE("a reading without a period is of a minute, and concerns no limit of another period", "[headers]") {
  const Limit daily{"rpd", Unit::requests, 1000, 24h, 1000, 0};
  Heeding scene({rpm(600, 100), daily});
  scene.answer(scene.go(), {reading(Unit::requests, {}, 40, std::nullopt)});
  CHECK(scene.level(0) == 40);
  CHECK(scene.level(1) == 999);
  scene.answer(scene.go(), {reading(Unit::requests, {}, 20, 24h)});
  CHECK(scene.level(0) == 39);
  CHECK(scene.level(1) == 20);
}

TEST_CASE("a reading of tokens concerns a limit that reserves the cap, and none that counts input alone", "[headers]") {
  Heeding scene(
      {{"tpm", Unit::tokens_or_cap, 6000, 1min, 1000, 0}, {"input_tpm", Unit::input_tokens, 6000, 1min, 1000, 0}});
  scene.answer(scene.go(), {reading(Unit::tokens, {}, 300)});
  CHECK(scene.level(0) == 300);
  CHECK(scene.level(1) == 990);
}

TEST_CASE("a lower limit is adopted, with burst and debt in proportion, and told", "[headers]") {
  Adoptions adoptions;
  Heeding scene({tpm(6000, 1000)}, false, &adoptions);
  scene.answer(scene.go(), {reading(Unit::tokens, 3000, {})});
  CHECK(scene.limit().amount == 3000);
  CHECK(scene.limit().burst == 500);
  CHECK(scene.limit().debt == 3000);
  REQUIRE(adoptions.seen.size() == 1);
  CHECK(adoptions.seen[0].limit == "tpm");
  CHECK(adoptions.seen[0].from == 6000);
  CHECK(adoptions.seen[0].to == 3000);
}

TEST_CASE("a limit that was lowered is raised again up to what is configured, and no higher", "[headers]") {
  Heeding scene({tpm(6000, 1000)});
  scene.answer(scene.go(), {reading(Unit::tokens, 3000, {})});
  scene.answer(scene.go(), {reading(Unit::tokens, 4500, {})});
  CHECK(scene.limit().amount == 4500);
  scene.answer(scene.go(), {reading(Unit::tokens, 60'000, {})});
  CHECK(scene.limit() == tpm(6000, 1000));
}

TEST_CASE("a higher limit than configured is adopted where that is allowed", "[headers]") {
  Heeding scene({tpm(6000, 1000)}, true);
  scene.answer(scene.go(), {reading(Unit::tokens, 60'000, {})});
  CHECK(scene.limit().amount == 60'000);
  CHECK(scene.limit().burst == 10'000);
}

TEST_CASE("limits that cannot be are not adopted", "[headers]") {
  Heeding scene({tpm(6000, 1000)}, true);
  for (const std::int64_t amount : {std::int64_t{0}, std::int64_t{-5}, std::int64_t{60'000'000'001}}) {
    scene.answer(scene.go(), {reading(Unit::tokens, amount, {})});
    CHECK(scene.limit().amount == 6000);
  }
  scene.answer(scene.go(), {reading(Unit::tokens, 1, {})});
  CHECK(scene.limit().amount == 1);
  CHECK(scene.limit().burst == 1);
}

TEST_CASE("what was missing to full is missing under the adopted limit too", "[headers]") {
  Heeding scene({tpm(6000, 1000)});
  Caller& call = scene.go({400, 0});
  scene.answer(call, {reading(Unit::tokens, 3000, {})});
  CHECK(scene.level() == 100);
}

TEST_CASE("refused although something was left: what may go at once is halved, down to a second's worth", "[headers]") {
  Heeding scene({{"rpm", Unit::requests, 600, 1min, 160, 0}});
  for (const std::int64_t at_once : {80, 40, 20, 10, 10}) {
    scene.refuse_with_some_left(scene.go());
    CHECK(scene.limit().at_once == at_once);
    scene.loop.run_for(1min);
  }
}

TEST_CASE("only news makes slices finer: not the refusals of calls that were under way", "[headers]") {
  Heeding scene({{"rpm", Unit::requests, 600, 1min, 160, 0}});
  Caller& first = scene.go();
  Caller& second = scene.go();
  scene.loop.run_for(50ms);
  scene.refuse_with_some_left(first);
  scene.refuse_with_some_left(second);
  CHECK(scene.limit().at_once == 80);
}

TEST_CASE("with finer slices no more goes at once than they allow", "[headers]") {
  Heeding scene({{"rpm", Unit::requests, 600, 1min, 160, 0}});
  scene.refuse_with_some_left(scene.go());
  scene.loop.run_for(1min);
  scene.answer(scene.go(), {});  // the probe
  scene.loop.run_for(1min);
  int at_once = 0;
  for (int i = 0; i < 200; ++i) {
    Caller& caller = scene.enter(scene.m);
    if (!caller.admitted()) break;
    ++at_once;
    caller.lease().settle(Ending::success, Exact{});
  }
  CHECK(at_once == scene.limit().at_once);
  CHECK(at_once < 160);
}

TEST_CASE("slices grow again by a fifth with every two minutes without such a refusal", "[headers]") {
  Heeding scene({{"rpm", Unit::requests, 600, 1min, 160, 0}});
  scene.refuse_with_some_left(scene.go());
  REQUIRE(scene.limit().at_once == 80);
  scene.loop.run_for(2min - 1ns);
  scene.answer(scene.go(), {});
  CHECK(scene.limit().at_once == 80);
  scene.loop.run_for(1ns);
  scene.answer(scene.go(), {});
  CHECK(scene.limit().at_once == 95);
  scene.answer(scene.go(), {});
  CHECK(scene.limit().at_once == 95);
  scene.loop.run_for(4min);
  scene.answer(scene.go(), {});
  CHECK(scene.limit().at_once == 134);  // twice two minutes, twice a fifth
  scene.loop.run_for(10min);
  scene.answer(scene.go(), {});
  CHECK(scene.limit().at_once == 0);
}

TEST_CASE("an adopted limit keeps the finer slices, in proportion", "[headers]") {
  Heeding scene({{"rpm", Unit::requests, 600, 1min, 160, 0}});
  scene.refuse_with_some_left(scene.go());
  scene.loop.run_for(1min);
  scene.answer(scene.go(), {reading(Unit::requests, 300, {})});
  CHECK(scene.limit().burst == 80);
  CHECK(scene.limit().at_once == 40);
}
