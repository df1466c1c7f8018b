#include "simulator/rules.h"

#include <catch2/catch.hpp>

namespace simulator {
namespace {

TEST_CASE("a model's rules are those of the longest name that its own begins with", "[rules]") {
  CHECK(openai_model("gpt-5.1").efforts == "none low medium high");
  CHECK(openai_model("gpt-5.1-2025-11-13").name == "gpt-5.1");
  CHECK(openai_model("gpt-5-mini-fault-500").name == "gpt-5");
  CHECK(openai_model("openai/gpt-6-astra").name == "gpt-6-astra");
  CHECK(anthropic_model("claude-opus-5-5").name == "claude-opus-5-5");
  CHECK(anthropic_model("claude-opus-5").name == "claude-opus-5");
  CHECK(anthropic_model("claude-haiku-4-5-20251001").max_output == 64'000);
  CHECK(gemini_model("gemini-2.5-flash-lite").budget == Range{512, 24'576});
  CHECK(gemini_model("gemini-2.5-flash").budget == Range{0, 24'576});
  CHECK(embedding_model("gemini-embedding-001").input_max == 2048);
}

TEST_CASE("a name that nobody knows has the lenient rules of a model that does not reason", "[rules]") {
  for (const char* name : {"tight", "", "m", "fault-500", "GPT-5"}) {
    CHECK_FALSE(openai_model(name).reasons());
    CHECK(openai_model(name).sampling == Sampling::free);
    CHECK(anthropic_model(name).thinking == Thinking::free);
    CHECK_FALSE(gemini_model(name).budget.has_value());
    CHECK(gemini_model(name).levels.empty());
  }
}

TEST_CASE("a word is in a list only whole", "[rules]") {
  CHECK(lists("low medium high", "low"));
  CHECK(lists("low medium high", "high"));
  CHECK_FALSE(lists("low medium high", "med"));
  CHECK_FALSE(lists("low medium high", "low medium"));
  CHECK_FALSE(lists("low medium high", ""));
  CHECK(quoted_list("low medium high") == "'low', 'medium', and 'high'");
  CHECK(quoted_list("high") == "'high'");
}

TEST_CASE("more effort is more thought", "[rules]") {
  std::int64_t before = -1;
  for (const char* effort : {"none", "minimal", "low", "medium", "high", "xhigh", "max"}) {
    const auto range = thinking_at(effort);
    REQUIRE(range.has_value());
    CHECK(range->high > before);
    before = range->high;
  }
  CHECK_FALSE(thinking_at("much").has_value());
}

}  // namespace
}  // namespace simulator
