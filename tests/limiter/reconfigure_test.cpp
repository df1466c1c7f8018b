// A gate whose configuration changes while it runs: levels survive, who waits goes on waiting, who is under way settles
// right.
#include <catch2/catch.hpp>

#include "tests/fakes/property.h"
#include "tests/limiter/gate_scene.h"

using namespace weir;

namespace {

GroupOptions fast(std::vector<Limit> limits, std::optional<int> slots = {}) {
  return {.key = "key of fast", .name = "fast", .slots = slots, .limits = std::move(limits)};
}

// What is stated of the one group from now on.
void restate(Scene& scene, std::vector<Limit> limits, GateOptions options = {}) {
  scene.gate->reconfigure({.options = options, .groups = {fast(std::move(limits))}});
  scene.gate->audit();
}

std::int64_t level(const Scene& scene, GroupId group, const std::string& name, ClientId client = 0) {
  for (const LimitState& state : scene.gate->limits(group, client))
    if (state.limit.name == name) return state.level;
  FAIL("no limit " << name);
  return 0;
}

Limit rolling(std::int64_t amount) {
  Limit limit{"tpm", Unit::tokens, amount, 1min, amount, 0};
  limit.shape = Shape::rolling;
  return limit;
}

Limit daily(std::int64_t amount, const std::string& zone) {
  Limit limit{"tpm", Unit::tokens, amount, 24h, amount, 0};
  limit.shape = Shape::calendar;
  limit.zone = zone;
  return limit;
}

}  // namespace

TEST_CASE("a limit that is lowered or raised keeps what has been taken of it", "[reconfigure]") {
  Scene scene;
  const GroupId group = scene.group("fast", {tpm(6000, 1000)});
  Caller& call = scene.enter(group, {.input_tokens = 600});
  REQUIRE(call.admitted());
  restate(scene, {tpm(6000, 700)});
  CHECK(level(scene, group, "tpm") == 100);
  CHECK_FALSE(scene.enter(group, {.input_tokens = 101}).admitted());
  restate(scene, {tpm(6000, 2000)});
  CHECK(level(scene, group, "tpm") == 1400 - 101);  // who waited for it went
  restate(scene, {tpm(6000, 500)});
  CHECK(level(scene, group, "tpm") == -201);
  call.lease().settle(Ending::success, Exact{0, 0});  // all of the 600 comes back
  CHECK(level(scene, group, "tpm") == 399);
}

TEST_CASE("a limit that is new starts full, and calls under way are not settled with it", "[reconfigure]") {
  Scene scene;
  const GroupId group = scene.group("fast", {rpm(60, 10)});
  Caller& before = scene.enter(group, {.input_tokens = 600});
  restate(scene, {rpm(60, 10), tpm(6000, 1000)});
  CHECK(level(scene, group, "tpm") == 1000);
  CHECK(level(scene, group, "rpm") == 9);
  Caller& after = scene.enter(group, {.input_tokens = 700});
  REQUIRE(after.admitted());
  CHECK(level(scene, group, "tpm") == 300);
  before.lease().sending();
  before.lease().top_up({.input_tokens = 900});
  before.lease().settle(Ending::success, Exact{1, 1});
  CHECK(level(scene, group, "tpm") == 300);
  after.lease().settle(Ending::success, Exact{100, 0});
  CHECK(level(scene, group, "tpm") == 900);
}

TEST_CASE("a limit that is gone holds nobody up, and calls under way settle without it", "[reconfigure]") {
  Scene scene;
  const GroupId group = scene.group("fast", {rpm(60, 10), tpm(6000, 100)});
  Caller& first = scene.enter(group, {.input_tokens = 100});
  Caller& second = scene.enter(group, {.input_tokens = 100});
  REQUIRE(second.waits());
  restate(scene, {rpm(60, 10)});
  REQUIRE(second.admitted());
  CHECK(scene.gate->limits(group).size() == 1);
  first.lease().settle(Ending::success, Exact{5, 5});
  second.lease().settle(Ending::never_sent);
  CHECK(level(scene, group, "rpm") == 9);
  SECTION("and when it comes back, it has what flowed in meanwhile") {
    scene.loop.run_for(500ms);
    restate(scene, {rpm(60, 10), tpm(6000, 100)});
    CHECK(level(scene, group, "tpm") == 50);
  }
}

TEST_CASE("a limit that is kept in another shape keeps what has been taken of it", "[reconfigure]") {
  Scene scene;
  const GroupId group = scene.group("fast", {tpm(1000, 1000)});
  Caller& call = scene.enter(group, {.input_tokens = 600});
  REQUIRE(call.admitted());
  restate(scene, {rolling(1000)});
  CHECK(level(scene, group, "tpm") == 400);
  restate(scene, {daily(10'000, "UTC")});
  CHECK(level(scene, group, "tpm") == 9400);
  restate(scene, {daily(10'000, "Asia/Tokyo")});
  CHECK(level(scene, group, "tpm") == 9400);
  restate(scene, {tpm(1000, 1000)});
  CHECK(level(scene, group, "tpm") == 400);
  call.lease().settle(Ending::success, Exact{0, 0});
  CHECK(level(scene, group, "tpm") == 400);  // it was not charged to this one
}

TEST_CASE("a rolling limit keeps its ring", "[reconfigure]") {
  Scene scene;
  const GroupId group = scene.group("fast", {rolling(1000)});
  REQUIRE(scene.enter(group, {.input_tokens = 400}).admitted());
  scene.loop.run_for(30s);
  Caller& second = scene.enter(group, {.input_tokens = 300});
  REQUIRE(second.admitted());
  restate(scene, {rolling(800)});
  CHECK(level(scene, group, "tpm") == 100);
  second.lease().settle(Ending::success, Exact{100, 0});
  CHECK(level(scene, group, "tpm") == 300);
  scene.loop.run_for(31s);  // the first has left it
  CHECK(level(scene, group, "tpm") == 700);
}

TEST_CASE("a limit that counts something else now starts anew", "[reconfigure]") {
  Scene scene;
  const GroupId group = scene.group("fast", {{"own", Unit::tokens, 6000, 1min, 1000, 0}});
  REQUIRE(scene.enter(group, {.input_tokens = 900}).admitted());
  restate(scene, {{"own", Unit::requests, 60, 1min, 10, 0}});
  CHECK(level(scene, group, "own") == 10);
}

TEST_CASE("fewer slots admit nobody until enough have been given back; more admit at once", "[reconfigure]") {
  Scene scene({.slots = 3});
  const GroupId group = scene.group("fast", {});
  std::vector<Caller*> calls;
  for (int i = 0; i < 5; ++i) calls.push_back(&scene.enter(group));
  REQUIRE(scene.gate->state().waiting == 2);
  restate(scene, {}, {.slots = 1});
  calls[0]->lease().settle(Ending::success);
  calls[1]->lease().settle(Ending::success);
  CHECK(scene.gate->state().waiting == 2);
  calls[2]->lease().settle(Ending::success);
  CHECK(calls[3]->admitted());
  CHECK(calls[4]->waits());
  restate(scene, {}, {.slots = 2});
  CHECK(calls[4]->admitted());
}

TEST_CASE("slots of a group and of a tool change too", "[reconfigure]") {
  Scene scene;
  const GroupId group = scene.group("fast", {}, 1);
  const ToolId tool = scene.tool("search", 1);
  Caller& first = scene.enter(asking(group, 0, 0, Priority::interactive, tool));
  Caller& second = scene.enter(asking(group, 0, 0, Priority::interactive, tool));
  REQUIRE(second.waits());
  scene.gate->reconfigure({.groups = {fast({}, 2)}});
  CHECK(second.waits());  // for the tool
  scene.gate->reconfigure({.tools = {{"search", std::nullopt}}});
  CHECK(second.admitted());
  scene.gate->reconfigure({.groups = {fast({}, 1)}});
  Caller& third = scene.enter(asking(group));
  first.lease().settle(Ending::success);
  CHECK(third.waits());
  second.lease().settle(Ending::success);
  CHECK(third.admitted());
}

TEST_CASE("who waits keeps his place, and who can never go any more is told", "[reconfigure]") {
  Scene scene;
  const GroupId group = scene.group("fast", {tpm(6000, 1000)});
  REQUIRE(scene.enter(group, {.input_tokens = 1000}).admitted());
  Caller& large = scene.enter(group, {.input_tokens = 900});
  Caller& first = scene.enter(group, {.input_tokens = 200});
  Caller& second = scene.enter(group, {.input_tokens = 200});
  restate(scene, {rpm(60, 10), tpm(6000, 500)});
  REQUIRE_FALSE(large.waits());
  CHECK(large.refusal().reason == Refusal::Reason::never);
  CHECK(large.refusal().largest == 500);
  REQUIRE(first.waits());
  scene.loop.run_for(30s);
  REQUIRE(first.admitted());
  REQUIRE(second.admitted());
  CHECK(first.answered_at < second.answered_at);
}

TEST_CASE("limits of clients and of their parents change, and a child may leave its parent", "[reconfigure]") {
  Scene scene;
  const GroupId group = scene.group("fast", {});
  const ClientId parent = scene.client("team", {tpm(6000, 1000)});
  const ClientId child = scene.client("alice", {rpm(60, 10)}, 1, parent);
  Caller& call = scene.enter(asking(group, child, 800));
  REQUIRE(call.admitted());
  Caller& waiting = scene.enter(asking(group, child, 500));
  REQUIRE(waiting.waits());
  const auto state = [&](const std::string& name) { return level(scene, group, name, child); };

  scene.gate->reconfigure(
      {.clients = {{.name = "team", .parent = {}, .weight = 1, .limits = {tpm(6000, 1200)}, .limits_of = {}}}});
  CHECK(state("tpm") == 400);
  CHECK(waiting.waits());
  scene.gate->reconfigure(
      {.clients = {{.name = "team", .parent = {}, .weight = 1, .limits = {tpm(6000, 1300)}, .limits_of = {}}}});
  CHECK(waiting.admitted());
  CHECK(state("tpm") == 0);
  scene.gate->reconfigure(
      {.clients = {{.name = "alice", .parent = {}, .weight = 3, .limits = {rpm(60, 5)}, .limits_of = {}}}});
  CHECK(scene.gate->limits(group, child).size() == 1);
  CHECK(state("rpm") == 3);
  call.lease().settle(Ending::success, Exact{1, 0});
  waiting.lease().settle(Ending::never_sent);
  CHECK(state("rpm") == 4);
  CHECK(level(scene, group, "tpm", parent) == 0);  // whom she left has nothing to do with it any more
  scene.gate->audit();
}

TEST_CASE("what the provider made of a limit survives, unless that limit is stated otherwise", "[reconfigure]") {
  Scene scene;
  const GroupId group = scene.group("fast", {rpm(60, 10), tpm(6000, 1000)});
  Feedback feedback;
  feedback.readings = {{.unit = Unit::requests, .limit = 30}, {.unit = Unit::tokens, .limit = 3000}};
  scene.enter(group).lease().settle({.ending = Ending::success, .usage = Exact{0, 0}, .feedback = feedback});
  const auto amount = [&](std::size_t limit) { return scene.gate->limits(group)[limit].limit.amount; };
  REQUIRE(amount(0) == 30);
  restate(scene, {rpm(60, 10), tpm(5000, 1000)});
  CHECK(amount(0) == 30);
  CHECK(amount(1) == 5000);
}

TEST_CASE("a pause goes on, of the limit that it is of, wherever that stands now", "[reconfigure]") {
  Scene scene;
  const GroupId group = scene.group("fast", {rpm(60, 10), tpm(6000, 1000)});
  Feedback feedback;
  feedback.rate_limited = true;
  feedback.retry_after = 20s;
  feedback.exhausted = Unit::tokens;
  Caller& call = scene.enter(group, {.input_tokens = 10});
  call.lease().sending();
  call.lease().settle({.ending = Ending::rejected, .usage = AtLeast{}, .feedback = feedback});
  restate(scene, {tpm(9000, 1000)});
  REQUIRE(scene.gate->limits(group).size() == 1);
  CHECK(scene.gate->limits(group)[0].closed_for == Duration(20s));
}

TEST_CASE("the queue's bounds and the longest wait are those now", "[reconfigure]") {
  Scene scene({.slots = 1, .queue_limit = 1});
  const GroupId group = scene.group("fast", {});
  REQUIRE(scene.enter(group).admitted());
  Caller& waiting = scene.enter(group);
  CHECK(scene.enter(group).refusal().reason == Refusal::Reason::queue_full);
  restate(scene, {}, {.slots = 1, .queue_limit = 2, .max_wait = 5s});
  Caller& later = scene.enter(group);
  CHECK(later.waits());
  scene.loop.run_for(5s);
  CHECK(later.refusal().reason == Refusal::Reason::timed_out);
  CHECK(waiting.waits());  // it was told of thirty
}

TEST_CASE("who was told when to come back keeps his place when his group stays as it was", "[reconfigure]") {
  const bool restated = GENERATE(false, true);
  Scene scene({.slots = 8, .max_wait = 1s});
  const GroupId group = scene.group("fast", {tpm(6000, 1000)});
  REQUIRE(scene.enter(group, {.input_tokens = 1000}).admitted());
  const Caller& told = scene.enter(group, {.input_tokens = 500}, 0, {}, 7);
  REQUIRE(told.refusal().reason == Refusal::Reason::wait_too_long);
  scene.gate->reconfigure({.options = {.slots = 8, .max_wait = 1s},
                           .groups = {restated ? fast({tpm(6000, 1001)}) : fast({tpm(6000, 1000)})}});
  scene.loop.run_for(*told.refusal().retry_after);
  // Of what is there, a newcomer leaves what was promised.
  CHECK(scene.enter(group, {.input_tokens = 500}).admitted() == restated);
}

TEST_CASE("of a bucket that changes at random, no more is admitted than the limits in force allow",
          "[reconfigure][property]") {
  fakes::property("each stretch admits its burst, less what was taken before, and what flows in", [] {
    Scene scene({.slots = 1000, .queue_limit = 0, .max_wait = 0s});
    Limit limit = tpm(6000, 1000);
    const GroupId group = scene.group("fast", {limit});
    std::vector<std::pair<Caller*, std::int64_t>> calls;
    std::int64_t had = limit.burst, admitted = 0, back = 0;
    Instant since = scene.loop.now();
    const auto steps = *rc::gen::inRange(1, 60);
    for (int i = 0; i < steps; ++i) {
      const int what = *rc::gen::inRange(0, 10);
      const auto flowed = [&] {
        return static_cast<std::int64_t>((scene.loop.now() - since).count() *
                                         (static_cast<double>(limit.amount) / 6e10)) +
               1;
      };
      if (what < 5) {
        const std::int64_t units = *rc::gen::inRange(1, 1500);
        Caller& call = scene.enter(group, {.input_tokens = units});
        if (call.admitted()) {
          admitted += units;
          calls.emplace_back(&call, units);
        }
        RC_ASSERT(admitted == 0 || admitted <= had + back + flowed());  // a debt admits nothing
      } else if (what < 7 && !calls.empty()) {
        const auto [call, units] = calls.back();
        calls.pop_back();
        const std::int64_t used = *rc::gen::inRange<std::int64_t>(0, units + 1);
        call->lease().settle(Ending::success, Exact{used, 0});
        back += units - used;
      } else if (what < 9) {
        scene.loop.run_for(*rc::gen::inRange(0, 20'000) * 1ms);
      } else {
        const std::int64_t before = level(scene, group, "tpm");
        const Limit to = tpm(*rc::gen::inRange(1, 20'000), *rc::gen::inRange(1, 2000));
        scene.gate->reconfigure({.options = scene.gate->options(), .groups = {fast({to})}});
        const std::int64_t after = level(scene, group, "tpm");
        const std::int64_t wanted = std::max(to.burst - (limit.burst - before), -to.debt);
        RC_ASSERT(std::abs(after - wanted) <= 1);
        limit = to;
        had = after;
        admitted = back = 0;
        since = scene.loop.now();
      }
      scene.gate->audit();
    }
    for (const auto& [call, units] : calls) call->lease().settle(Ending::never_sent);
    RC_ASSERT(scene.gate->state().slots_taken == 0);
  });
}
