// What a call is charged in the end: the rows of LIMITS §4 for each unit that a limit can count, through the gate.
#include <catch2/catch.hpp>
#include <limits>

#include "tests/limiter/gate_scene.h"

using namespace weir;

namespace {

constexpr std::int64_t kFull = 1000;

struct Row {
  const char* what;
  Ending ending;
  Usage usage;
  // What is charged of requests, tokens, input and output; 100 and 50 are reserved.
  std::int64_t requests, tokens, input, output;
};

const Row kRows[] = {
    {"answered, with less than reserved", Ending::success, Exact{80, 20}, 1, 100, 80, 20},
    {"answered, with more than reserved", Ending::success, Exact{120, 70}, 1, 190, 120, 70},
    {"answered, with nothing", Ending::success, Exact{0, 0}, 1, 0, 0, 0},
    {"answered, and less is known than was reserved", Ending::success, AtLeast{80, 20}, 1, 150, 100, 50},
    {"answered, and more is known than was reserved", Ending::success, AtLeast{80, 70}, 1, 170, 100, 70},
    {"answered, and nothing is known", Ending::success, AtLeast{}, 1, 150, 100, 50},
    {"never sent", Ending::never_sent, AtLeast{}, 0, 0, 0, 0},
    {"never sent, whatever is said of it", Ending::never_sent, Exact{100, 50}, 0, 0, 0, 0},
    {"rejected before it was generated", Ending::rejected, AtLeast{}, 1, 0, 0, 0},
    {"rejected, whatever is said of it", Ending::rejected, Exact{100, 50}, 1, 0, 0, 0},
    {"broken off, and nothing is known", Ending::broken, AtLeast{}, 1, 150, 100, 50},
    {"broken off, when less than reserved was seen", Ending::broken, AtLeast{100, 10}, 1, 150, 100, 50},
    {"broken off, when more than reserved was seen", Ending::broken, AtLeast{100, 90}, 1, 190, 100, 90},
    {"broken off, and what was counted is less: no refund", Ending::broken, Exact{10, 10}, 1, 150, 100, 50},
};

std::vector<Limit> all_units(Shape shape) {
  const auto limit = [&](std::string name, Unit unit) {
    Limit result{std::move(name), unit, kFull, 1min, kFull, kFull, shape};
    if (shape == Shape::calendar) result.zone = "UTC";
    return result;
  };
  return {limit("rpm", Unit::requests), limit("tpm", Unit::tokens), limit("input_tpm", Unit::input_tokens),
          limit("output_tpm", Unit::output_tokens)};
}

std::vector<std::int64_t> levels(const Scene& scene, GroupId group, ClientId client = 0) {
  std::vector<std::int64_t> levels;
  for (const LimitState& state : scene.gate->limits(group, client)) levels.push_back(state.level);
  return levels;
}

std::vector<std::int64_t> after(std::int64_t requests, std::int64_t tokens, std::int64_t input, std::int64_t output) {
  return {kFull - requests, kFull - tokens, kFull - input, kFull - output};
}

}  // namespace

TEST_CASE("each ending is booked as the table says, of every unit and in every shape", "[settlement]") {
  const Shape shape = GENERATE(Shape::bucket, Shape::rolling, Shape::calendar);
  for (const Row& row : kRows) {
    CAPTURE(row.what);
    Scene scene;
    const GroupId group = scene.group("m", all_units(shape));
    Caller& caller = scene.enter(group, {100, 50});
    REQUIRE(caller.admitted());
    CHECK(levels(scene, group) == after(1, 150, 100, 50));
    caller.lease().settle(row.ending, row.usage);
    CHECK(levels(scene, group) == after(row.requests, row.tokens, row.input, row.output));
    CHECK(scene.gate->state().slots_taken == 0);
  }
}

TEST_CASE("a client and its parent are charged by the same table", "[settlement]") {
  for (const Row& row : kRows) {
    CAPTURE(row.what);
    Scene scene;
    const GroupId group = scene.group("m", {});
    const ClientId org = scene.client("org", {tpm(1000, kFull)});
    const ClientId client = scene.client("c", all_units(Shape::bucket), 1, org);
    Ask ask = asking(group, client);
    ask.estimate = {100, 50};
    scene.enter(ask).lease().settle(row.ending, row.usage);
    auto expected = after(row.requests, row.tokens, row.input, row.output);
    expected.push_back(kFull - row.tokens);
    CHECK(levels(scene, group, client) == expected);
  }
}

TEST_CASE("a lease that ends unsettled was never sent, or is broken off once it was", "[settlement]") {
  Scene scene;
  const GroupId group = scene.group("m", all_units(Shape::bucket));
  Caller& unsent = scene.enter(group, {100, 50});
  unsent.answer.reset();
  CHECK(levels(scene, group) == after(0, 0, 0, 0));
  Caller& sent = scene.enter(group, {100, 50});
  sent.lease().sending();
  sent.answer.reset();
  CHECK(levels(scene, group) == after(1, 150, 100, 50));
  CHECK(scene.gate->state().slots_taken == 0);
}

TEST_CASE("a lease that is replaced by another settles, and the other lives on", "[settlement]") {
  Scene scene;
  const GroupId group = scene.group("m", all_units(Shape::bucket));
  Caller& first = scene.enter(group, {100, 50});
  Caller& second = scene.enter(group, {10, 5});
  first.lease() = std::move(second.lease());
  CHECK(levels(scene, group) == after(1, 15, 10, 5));
  CHECK(scene.gate->state().slots_taken == 1);
  CHECK_FALSE(second.lease());
}

TEST_CASE("a call that streams more than was reserved is charged for it while it streams", "[settlement]") {
  Scene scene;
  const GroupId group = scene.group("m", all_units(Shape::bucket));
  Caller& caller = scene.enter(group, {100, 50});
  caller.lease().sending();
  caller.lease().top_up({100, 40});
  CHECK(levels(scene, group) == after(1, 150, 100, 50));
  caller.lease().top_up({100, 80});
  CHECK(levels(scene, group) == after(1, 180, 100, 80));
  caller.lease().top_up({100, 70});
  CHECK(levels(scene, group) == after(1, 180, 100, 80));
  SECTION("and gets the surplus back in the end") {
    caller.lease().settle(Ending::success, Exact{100, 60});
    CHECK(levels(scene, group) == after(1, 160, 100, 60));
  }
  SECTION("and keeps it when it breaks off") {
    caller.lease().settle(Ending::broken, AtLeast{100, 75});
    CHECK(levels(scene, group) == after(1, 180, 100, 80));
  }
  SECTION("and gets all of it back when it turns out not to have been sent") {
    caller.lease().settle(Ending::never_sent);
    CHECK(levels(scene, group) == after(0, 0, 0, 0));
  }
}

TEST_CASE("an overrun becomes debt, which the next calls wait for", "[settlement]") {
  Scene scene;
  const GroupId group = scene.group("m", {tpm(60, 100)});
  scene.enter(group, {50, 50}).lease().settle(Ending::success, Exact{50, 110});
  CHECK(levels(scene, group) == std::vector<std::int64_t>{-60});
  Caller& next = scene.enter(group, {1, 0}, 0, scene.loop.now() + 1h);
  CHECK(next.refusal().retry_after > 60s);
  CHECK(next.refusal().retry_after <= 61s);
}

TEST_CASE("debt stops at the limit's floor", "[settlement]") {
  const Shape shape = GENERATE(Shape::bucket, Shape::rolling, Shape::calendar);
  Scene scene;
  Limit limit{"tpm", Unit::tokens, 100, 1min, 100, 70, shape, shape == Shape::calendar ? "UTC" : ""};
  const GroupId group = scene.group("m", {limit});
  scene.enter(group, {50, 50}).lease().settle(Ending::success, Exact{50, 119});
  CHECK(levels(scene, group) == std::vector<std::int64_t>{-69});
  Scene freak;
  const GroupId same = freak.group("m", {limit});
  freak.enter(same, {50, 50}).lease().settle(Ending::success, Exact{50, 1'000'000'000});
  CHECK(levels(freak, same) == std::vector<std::int64_t>{-70});
}

TEST_CASE("what is settled is told: reserved, used, held and what went into debt", "[settlement]") {
  struct Watching final : Observer {
    std::vector<Settled> settled;
    void on(const Decision& decision) override {
      if (const auto* each = std::get_if<Settled>(&decision)) settled.push_back(*each);
    }
  } watching;
  Scene scene({.observer = &watching});
  const GroupId group = scene.group("m", {});
  Caller& over = scene.enter(group, {100, 50});
  scene.loop.run_for(3s);
  over.lease().settle(Ending::success, Exact{120, 70});
  scene.enter(group, {100, 50}).lease().settle(Ending::success, Exact{20, 10});
  REQUIRE(watching.settled.size() == 2);
  CHECK(watching.settled[0].reserved == Estimate{100, 50});
  CHECK(watching.settled[0].used == Estimate{120, 70});
  CHECK(watching.settled[0].held == 3s);
  CHECK(watching.settled[0].debt_tokens == 40);
  CHECK(watching.settled[1].debt_tokens == 0);
}

TEST_CASE("what no call can have taken is debt to the floor, and counts as the most that one can", "[settlement]") {
  constexpr std::int64_t kAbsurd = std::numeric_limits<std::int64_t>::max();
  for (const Shape shape : {Shape::bucket, Shape::rolling}) {
    Scene scene({.slots = 1});
    Limit limit{"tpm", Unit::tokens, 6000, 1min, 1000, 500, shape};
    const GroupId group = scene.group("m", {limit});
    for (int i = 0; i < 20; ++i) {
      scene.loop.run_for(10min);
      Caller& caller = scene.enter(group, {10, 10});
      REQUIRE(caller.admitted());
      caller.lease().sending();
      caller.lease().settle(Ending::success, Exact{kAbsurd, kAbsurd});
      CHECK(scene.gate->limits(group).at(0).level == -500);
      scene.gate->audit();
    }
  }
}
