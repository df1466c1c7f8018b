// What a lease says of its wait: which limits were the reason, and for how long.
#include "tests/limiter/gate_scene.h"

namespace weir {
namespace {

TEST_CASE("what a call was throttled for is told by limit, and sums to the whole", "[gate]") {
  Scene scene({.slots = 8, .queue_limit = 64});
  const GroupId group = scene.group("model", {rpm(60, 2), tpm(6'000, 6'000)});
  Caller& first = scene.enter(group, {.input_tokens = 10});
  CHECK(first.lease().throttled_by().empty());
  first.lease().settle(Ending::success, Exact{10, 0});
  scene.enter(group, {.input_tokens = 10}).lease().settle(Ending::success, Exact{6'000, 0});
  // A second until requests are there; then tokens are what is short.
  Caller& waits = scene.enter(group, {.input_tokens = 500});
  REQUIRE(waits.waits());
  scene.loop.run_for(30s);
  REQUIRE(waits.admitted());
  Duration sum{};
  for (const auto& [limit, span] : waits.lease().throttled_by()) {
    CHECK((limit == "rpm" || limit == "tpm"));
    CHECK(span > Duration::zero());
    sum += span;
  }
  CHECK(waits.lease().throttled() > 1s);
  CHECK(sum == waits.lease().throttled());
  CHECK(waits.lease().throttled_by().back().first == "tpm");
  waits.lease().settle(Ending::success, Exact{500, 0});
}

TEST_CASE("a client's own limit is named for what it kept waiting, not the model's", "[gate]") {
  Scene scene({.slots = 8, .queue_limit = 64});
  const GroupId group = scene.group("model", {rpm(600, 100)});
  const ClientId client = scene.client("ci", {{"tpm", Unit::tokens, 60, 1min, 10, 10}});
  scene.enter(asking(group, client, 10)).lease().settle(Ending::success, Exact{10, 0});
  Caller& waits = scene.enter(asking(group, client, 5));
  REQUIRE(waits.waits());
  scene.loop.run_for(10s);
  REQUIRE(waits.admitted());
  REQUIRE(waits.lease().throttled_by().size() == 1);
  CHECK(waits.lease().throttled_by()[0].first == "tpm");
  CHECK(waits.lease().throttled_by()[0].second == waits.lease().throttled());
  CHECK(waits.lease().throttled() > 4'900ms);
  waits.lease().settle(Ending::success, Exact{5, 0});
}

TEST_CASE("who waits for a slot only was throttled by no limit", "[gate]") {
  Scene scene({.slots = 1, .queue_limit = 64});
  const GroupId group = scene.group("model", {rpm(600, 100)});
  Caller& first = scene.enter(group);
  Caller& waits = scene.enter(group);
  scene.loop.run_for(7s);
  first.lease().settle(Ending::success, Exact{});
  REQUIRE(waits.admitted());
  CHECK(waits.lease().waited() == 7s);
  CHECK(waits.lease().throttled_by().empty());
  waits.lease().settle(Ending::success, Exact{});
}

}  // namespace
}  // namespace weir
