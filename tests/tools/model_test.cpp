#include "tools/model.h"

#include <catch2/catch.hpp>
#include <limits>

#include "tests/fakes/property.h"
#include "tools/providers/embedding.h"

namespace weir {
namespace {

ModelSettings settings() {
  ModelSettings s;
  s.alias = "fast";
  s.model = "gpt-6-luna";
  s.base_url = "https://api.openai.com/v1";
  s.api_key = Secret("sk-one", "env:KEY");
  return s;
}

TEST_CASE("two aliases of one account and model share a limit group", "[model]") {
  ModelSettings other = settings();
  other.alias = "other";
  other.api_key = Secret("sk-one", "env:OTHER_NAME");
  CHECK(limit_group_key(settings()) == limit_group_key(other));
}

TEST_CASE("another key, model, address or provider is another limit group", "[model]") {
  const auto key = limit_group_key(settings());
  auto s = settings();
  s.api_key = Secret("sk-two", "env:KEY");
  CHECK(limit_group_key(s) != key);
  s = settings();
  s.api_key.reset();
  CHECK(limit_group_key(s) != key);
  s = settings();
  s.model = "gpt-6-sol";
  CHECK(limit_group_key(s) != key);
  s = settings();
  s.base_url = "http://127.0.0.1:1/v1";
  CHECK(limit_group_key(s) != key);
  s = settings();
  s.provider = "compatible";
  CHECK(limit_group_key(s) != key);
}

TEST_CASE("a limit group's key does not hold the secret", "[model]") {
  CHECK(limit_group_key(settings()).find("sk-one") == std::string::npos);
}

LimitSettings stated(const std::string& name, LimitCounts counts, std::int64_t amount) {
  return {.name = name, .counts = counts, .amount = amount, .burst = 10, .debt = 20};
}

TEST_CASE("a limit group has the limits that are configured, its slots, and whether it may learn higher ones",
          "[model]") {
  auto s = settings();
  CHECK(limit_group(s).limits.empty());
  CHECK_FALSE(limit_group(s).slots.has_value());
  CHECK_FALSE(limit_group(s).adopt_higher_limits);
  s.limits = {stated("rpm", LimitCounts::requests, 500), stated("tph", LimitCounts::tokens, 60'000)};
  s.limits[1].per = std::chrono::hours(1);
  s.limits[1].shape = LimitShape::rolling;
  s.max_concurrency = 3;
  s.growth = 50;
  s.adopt_higher_limits = true;
  const GroupOptions group = limit_group(s);
  CHECK(group.name == "fast");
  CHECK(group.slots == 3);
  CHECK(group.adopt_higher_limits);
  REQUIRE(group.limits.size() == 2);
  Limit requests{.name = "rpm", .unit = Unit::requests, .amount = 500, .burst = 10, .debt = 20};
  requests.growth = 50;
  CHECK(group.limits[0] == requests);
  Limit tokens{.name = "tph", .unit = Unit::tokens_or_cap, .amount = 60'000, .per = std::chrono::hours(1), .burst = 10};
  tokens.debt = 20;
  tokens.shape = Shape::rolling;
  tokens.growth = 50;
  CHECK(group.limits[1] == tokens);
}

TEST_CASE("a calendar limit has its zone, and does not bound how fast a day's amount is used", "[model]") {
  LimitSettings day = stated("rpd", LimitCounts::requests, 500);
  day.shape = LimitShape::calendar;
  day.per = std::chrono::hours(24);
  day.zone = "America/Los_Angeles";
  const Limit limit = limit_of(day, ChargeModel::google, 50);
  CHECK(limit.shape == Shape::calendar);
  CHECK(limit.zone == "America/Los_Angeles");
  CHECK(limit.growth == 0);
}

TEST_CASE("what tokens are is as the provider charges them; what says input or output says so everywhere", "[model]") {
  const auto unit = [](LimitCounts counts, ChargeModel charge) {
    return limit_of(stated("x", counts, 60), charge, 0).unit;
  };
  CHECK(unit(LimitCounts::tokens, ChargeModel::total) == Unit::tokens);
  CHECK(unit(LimitCounts::tokens, ChargeModel::openai) == Unit::tokens_or_cap);
  CHECK(unit(LimitCounts::tokens, ChargeModel::anthropic) == Unit::tokens);
  CHECK(unit(LimitCounts::tokens, ChargeModel::google) == Unit::input_tokens);
  for (const ChargeModel charge :
       {ChargeModel::total, ChargeModel::openai, ChargeModel::anthropic, ChargeModel::google}) {
    CHECK(unit(LimitCounts::requests, charge) == Unit::requests);
    CHECK(unit(LimitCounts::input_tokens, charge) == Unit::input_tokens);
    CHECK(unit(LimitCounts::output_tokens, charge) == Unit::output_tokens);
  }
}

TEST_CASE("three bytes are one token, and a begun token counts whole", "[model]") {
  CHECK(estimate_tokens("") == 0);
  CHECK(estimate_tokens("a") == 1);
  CHECK(estimate_tokens("abc") == 1);
  CHECK(estimate_tokens("abcd") == 2);
  CHECK(estimate_tokens("世界") == 2);
}

TEST_CASE("an estimate counts both texts, each message's wrapping, and the output cap", "[model]") {
  CHECK(estimate({.system = "", .user = "abc", .max_output_tokens = 50}) == Estimate{1 + 4 + 3, 50, 50});
  CHECK(estimate({.system = "abcd", .user = "abc", .max_output_tokens = 1}) == Estimate{2 + 1 + 8 + 3, 1, 1});
}

TEST_CASE("an estimate counts every example as two messages", "[model]") {
  Prompt prompt{.system = "", .user = "abc", .max_output_tokens = 50};
  prompt.shots = std::make_shared<const std::vector<Shot>>(std::vector<Shot>{{"abc", "abcd"}, {"", "a"}});
  CHECK(estimate(prompt) == Estimate{8 + (1 + 2 + 8) + (0 + 1 + 8), 50, 50});
  prompt.shots = std::make_shared<const std::vector<Shot>>();
  CHECK(estimate(prompt) == Estimate{8, 50, 50});
}

TEST_CASE("texts to be embedded are input, and nothing is written", "[model]") {
  Prompt prompt;
  prompt.embed = std::make_shared<const EmbedPrompt>(EmbedPrompt{.texts = {"abc", "abcd"}});
  CHECK(estimate(prompt) == Estimate{(1 + 2) + (2 + 2), 0, 0});
}

ModelFacts priced(Prices prices) {
  ModelFacts facts;
  facts.prices = prices;
  return facts;
}

TEST_CASE("an estimate counts the room for reasoning as output, and the schema as input", "[model]") {
  Prompt prompt{.system = "", .user = "abc", .max_output_tokens = 50};
  prompt.profile.reasoning_tokens = 2'048;
  CHECK(output_cap(prompt) == 2'098);
  CHECK(estimate(prompt) == Estimate{8, 2'098, 2'098});
  prompt.format = std::make_shared<const AnswerFormat>(AnswerFormat{.name = "t", .tokens = 30});
  CHECK(estimate(prompt) == Estimate{38, 2'098, 2'098});
}

TEST_CASE("a cost is the exact sum of uncached input, cached input, what was written to the cache, and output",
          "[model]") {
  const ModelFacts facts =
      priced({.input = 400'000, .cached_input = 100'000, .output = 1'600'000, .cache_write = 500'000});
  CHECK(cost(facts, {.input = 90, .cached_input = 64, .output = 40, .reasoning = 32}) ==
        26 * 400'000 + 64 * 100'000 + 40 * 1'600'000);
  CHECK(cost(facts, {.input = 90, .cached_input = 20, .output = 0, .cache_write = 10}) ==
        60 * 400'000 + 20 * 100'000 + 10 * 500'000);
}

TEST_CASE("input from or into the cache without its own price costs as input", "[model]") {
  const ModelFacts facts = priced({.input = 5, .output = 7});
  CHECK(cost(facts, {.input = 10, .cached_input = 4, .output = 1}) == 57);
  CHECK(cost(facts, {.input = 10, .output = 1, .cache_write = 4}) == 57);
}

TEST_CASE("the prices of long input hold for the whole request, from the first token above the mark", "[model]") {
  ModelFacts facts = priced({.input = 1, .output = 10});
  facts.long_prices = LongPrices{.above = 1'000, .prices = {.input = 2, .output = 15}};
  CHECK(cost(facts, {.input = 1'000, .output = 1}) == 1'010);
  CHECK(cost(facts, {.input = 1'001, .output = 1}) == 2'017);
}

TEST_CASE("a cost is unknown when a price that matters is, and known when it does not matter", "[model]") {
  CHECK_FALSE(cost({}, {.input = 1, .output = 0}).has_value());
  CHECK_FALSE(cost(priced({.input = 1}), {.input = 1, .output = 1}).has_value());
  CHECK(cost(priced({.input = 1}), {.input = 3, .output = 0}) == 3);
  CHECK(cost({}, {}) == 0);
  CHECK(cost(priced({.input = 0, .output = 0}), {.input = 3, .output = 9}) == 0);
}

TEST_CASE("what the provider says it cost is believed where the prices do not tell", "[model]") {
  CHECK(cost({}, {.input = 1, .output = 1, .cost_picodollars = 77}) == 77);
  CHECK(cost(priced({.input = 5}), {.input = 1, .output = 1, .cost_picodollars = 77}) == 77);
  CHECK(cost(priced({.input = 5, .output = 7}), {.input = 1, .output = 1, .cost_picodollars = 77}) == 12);
}

TEST_CASE("a cost that 64 bits cannot hold is unknown, never wrapped round", "[model]") {
  constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
  const ModelFacts facts = priced({.input = kMost, .output = 1});
  CHECK(cost(facts, {.input = 1, .output = 0}) == kMost);
  CHECK_FALSE(cost(facts, {.input = 1, .output = 1}).has_value());
  CHECK_FALSE(cost(facts, {.input = 1'000'000'000, .output = 1}).has_value());
}

TEST_CASE("an estimate never falls below a third of the bytes", "[model]") {
  fakes::property("covers", [](const std::string& system, const std::string& user) {
    const Estimate e = estimate({.system = system, .user = user, .max_output_tokens = 7});
    RC_ASSERT(e.input_tokens * 3 >= static_cast<std::int64_t>(system.size() + user.size()));
    RC_ASSERT(e.output_tokens == 7);
  });
}

}  // namespace
}  // namespace weir
