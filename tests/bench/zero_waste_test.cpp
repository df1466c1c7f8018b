#include <algorithm>
#include <catch2/catch.hpp>

#include "bench/zero_waste/table.h"

using namespace bench::zero_waste;
using namespace std::chrono_literals;

namespace {

const Played& played() {
  static const Played once = play(1, 4min);
  return once;
}
const Row& row(Vendor vendor, const std::string& setting) {
  const auto& rows = played().rows;
  return *std::find_if(rows.begin(), rows.end(),
                       [&](const Row& one) { return one.plan.vendor == vendor && one.setting == setting; });
}

}  // namespace

TEST_CASE("every regime lets calls through, and no slot is lost", "[zero-waste]") {
  CHECK(played().wrong == std::vector<std::string>());
  REQUIRE(played().rows.size() == 15);
  for (const Row& one : played().rows) {
    CAPTURE(name_of(one.plan.vendor), one.setting);
    CHECK(one.score.done > 50);
  }
}

TEST_CASE("a bucket before a provider that keeps a bucket is never refused, and leaves nothing", "[zero-waste]") {
  const Score& score = row(Vendor::anthropic, "alone").score;
  CHECK(score.refused_before == 0);
  CHECK(score.refused == 0);
  CHECK(score.used >= 0.97);
}

TEST_CASE("a rolling minute before a provider that keeps one is hardly refused, and leaves nothing", "[zero-waste]") {
  const Row& rolling = row(Vendor::gemini, "alone, rolling");
  CHECK(refused_share(rolling) <= 0.005);
  CHECK(rolling.score.used >= 0.97);
  CHECK(refused_share(rolling) < refused_share(row(Vendor::gemini, "alone")));
}

TEST_CASE("beside a program that nobody sees, three quarters of what it leaves are used, or more", "[zero-waste]") {
  for (const Vendor vendor : {Vendor::openai, Vendor::anthropic, Vendor::gemini}) {
    CAPTURE(name_of(vendor));
    const Score& score = row(vendor, "foreign").score;
    CHECK(score.foreign > 0.2);
    CHECK(score.used >= 0.75);
  }
}

TEST_CASE("an account that is shared and tells in headers what is left hardly refuses", "[zero-waste]") {
  CHECK(refused_share(row(Vendor::anthropic, "foreign")) <= 0.01);
}

TEST_CASE("the same seed plays to the same table, and another does not", "[zero-waste]") {
  const std::string first = as_table(play(3, 1min).rows);
  CHECK(first == as_table(play(3, 1min).rows));
  CHECK(first != as_table(play(4, 1min).rows));
}

TEST_CASE("an account counts as its vendor does", "[zero-waste]") {
  const Query query{.bytes = 8'000, .cap = 1'024, .input = 1'900, .output = 12};
  CHECK(cost_of(Vendor::openai, Dimension::tokens, query) == 2'000);
  CHECK(cost_of(Vendor::openai, Dimension::tokens, {.bytes = 40, .cap = 1'024, .input = 9, .output = 12}) == 1'024);
  CHECK(cost_of(Vendor::gemini, Dimension::input, query) == 1'900);
  CHECK(cost_of(Vendor::gemini, Dimension::output, query) == 0);

  Account anthropic(Vendor::anthropic);
  const Instant now = bench::replay::kStart;
  CHECK_FALSE(anthropic.arrived(query, Party::ours, now).exhausted);
  anthropic.produced(39'999, Party::foreign, now);
  CHECK_FALSE(anthropic.arrived(query, Party::ours, now).exhausted);  // how long it will be is not known
  anthropic.produced(1, Party::ours, now);
  CHECK(anthropic.arrived(query, Party::ours, now).exhausted == Dimension::output);
}
