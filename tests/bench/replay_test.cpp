#include <algorithm>
#include <catch2/catch.hpp>

#include "bench/replay/plan.h"

using namespace bench::replay;
using namespace std::chrono_literals;

namespace {

Asked short_run() { return {.seed = 7, .length = 1min, .callers = 24, .only = "steady"}; }

}  // namespace

TEST_CASE("the same seed replays to the same numbers, and another does not", "[replay]") {
  Asked asked = short_run();
  const std::string first = as_json_lines(play(asked).rows);
  CHECK(first == as_json_lines(play(asked).rows));
  asked.seed = 8;
  CHECK(first != as_json_lines(play(asked).rows));
}

TEST_CASE("every limiter lets calls through, and ours gives back all that it held", "[replay]") {
  const Played played = play(short_run());
  CHECK(played.wrong == std::vector<std::string>());
  REQUIRE_FALSE(played.rows.empty());
  for (const Row& row : played.rows) {
    CAPTURE(name_of(row.regime), row.limiter, row.setting);
    CHECK(row.score.done > 0);
  }
}

TEST_CASE("who counts after the answer lets through more than the limit, where nobody stops him", "[replay]") {
  Asked asked = short_run();
  asked.callers = 256;
  asked.only = "steady none anthropic post-count";
  const Played played = play(asked);
  REQUIRE(played.rows.size() == 1);
  CHECK(played.rows[0].score.worst > 2);
  CHECK(played.rows[0].score.refused_total == 0);
}

TEST_CASE("what is asked does not depend on who asks first", "[replay]") {
  const Workload workload{.seed = 3};
  CHECK(workload.draw(5, 9).input_tokens == workload.draw(5, 9).input_tokens);
  CHECK(workload.draw(5, 9).input_bytes != workload.draw(9, 5).input_bytes);
}

TEST_CASE("demand lies where its scenario says", "[replay]") {
  const auto edges = Workload{.scenario = Scenario::edge, .length = 5min}.demand();
  REQUIRE(edges.size() == 2);
  CHECK(edges[0].from == kStart + 110s);
  CHECK(edges[0].until == kStart + 130s);
  CHECK(Workload{.scenario = Scenario::edge, .length = 130s}.demand().size() == 1);
  CHECK(Workload{.scenario = Scenario::edge, .length = 130s - 1ns}.demand().empty());
  const auto judged = Workload{.length = 20min}.judged();
  REQUIRE(judged.size() == 1);
  CHECK(judged[0].from == kStart + 2min);
  CHECK(judged[0].until == kStart + 20min);
}
