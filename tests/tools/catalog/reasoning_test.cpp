#include "tools/catalog/reasoning.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tools/catalog/catalog.h"

namespace weir {
namespace {

CatalogCheck checked(const std::string& toml) {
  const auto config =
      parse_config(toml, "weir.toml", [](const std::string&) { return std::optional<std::string>("key"); });
  if (!config) FAIL(config.error().front().text());
  return build_catalog(*config, [](const GroupOptions&) { return GroupId{7}; });
}

const std::string kOpus =
    "[models.m]\nprovider = \"anthropic\"\nmodel = \"claude-opus-4-5\"\napi_key = \"env:KEY\"\n"
    "default_profile = \"quick\"\nprofiles.quick = { thinking_token_budget = 2_048 }\n"
    "profiles.deep = { thinking_token_budget = 60_000 }\nprofiles.off = { thinking_token_budget = 0 }\n";
std::string tool(const std::string& rest) { return "[tools.t]\ndescription = \"d\"\nprompt = \"p\"\n" + rest; }

TEST_CASE("a tool with several profiles has an argument for the choice, whose default is the first", "[reasoning]") {
  const auto check = checked(kOpus + tool("profiles = [\"off\", \"quick\"]\n"));
  REQUIRE(check.catalog);
  const Tool& t = *check.catalog->find("t");
  const auto& property = t.input_schema()["properties"]["profile"];
  CHECK(property["enum"] == nlohmann::json({"off", "quick"}));
  CHECK(property["default"] == "off");
  CHECK_FALSE(t.input_schema().contains("required"));
  CHECK(t.fill(nlohmann::json::object())->profile.name == "off");
  const auto quick = t.fill(nlohmann::json{{"profile", "quick"}});
  REQUIRE(quick);
  CHECK(quick->profile.thinking_budget == 2'048);
  CHECK(output_cap(*quick) == 512 + 2'048);
  CHECK(t.fill(nlohmann::json{{"profile", "deep"}}).error().message.find("arguments.profile") != std::string::npos);
}

TEST_CASE("a tool without profiles, or with one, has no such argument", "[reasoning]") {
  for (const char* rest : {"", "profiles = [\"off\"]\n"}) {
    const auto check = checked(kOpus + tool(rest));
    REQUIRE(check.catalog);
    const Tool& t = *check.catalog->find("t");
    CHECK_FALSE(t.input_schema()["properties"].contains("profile"));
    CHECK(t.fill(nlohmann::json{{"profile", "quick"}}).error().message.find("profile") != std::string::npos);
    CHECK(t.fill(nlohmann::json::object())->profile.name == (*rest == 0 ? "quick" : "off"));
  }
}

TEST_CASE("the answer and the budget together are what the model can give, and not one token more", "[reasoning]") {
  CHECK(checked(kOpus + tool("profiles = [\"deep\"]\nmax_output_tokens = 4_000\n")).mistakes.empty());
  const auto check = checked(kOpus + tool("profiles = [\"deep\"]\nmax_output_tokens = 4_001\n"));
  REQUIRE(check.mistakes.size() == 1);
  CHECK(check.mistakes[0].what ==
        "tool \"t\": max_output_tokens = 4001 and 60000 for reasoning at profile \"deep\" are 64001, but the model "
        "\"claude-opus-4-5\" gives at most 64000; lower max_output_tokens to at most 4000, or lower the profile's "
        "thinking_token_budget to at most 59999");
  CHECK(check.mistakes[0].line == 12);
}

TEST_CASE("the room of an effort gives way to the answer; the answer alone must fit the model", "[reasoning]") {
  const std::string o4 = "[models.m]\nmodel = \"o4-mini\"\napi_key = \"env:KEY\"\n";
  const auto check = checked(o4 + tool("max_output_tokens = 99_000\n"));
  REQUIRE(check.catalog);
  CHECK(output_cap(*check.catalog->find("t")->fill(nlohmann::json::object())) == 100'000);
  CHECK(checked(o4 + tool("max_output_tokens = 100_001\n")).mistakes.at(0).what.find("lower it to at most 100000") !=
        std::string::npos);
}

TEST_CASE("profiles must be the model's, and their choice in nobody's way", "[reasoning]") {
  CHECK(checked(kOpus + tool("profiles = [\"quik\"]\n")).mistakes.at(0).what ==
        "tool \"t\": model \"m\" has no profile named \"quik\"; did you mean \"quick\"?");
  const std::string own =
      "[tools.t]\ndescription = \"d\"\nprompt = \"{{profile}}\"\ninput.profile = { type = \"string\" }\n";
  CHECK(checked(kOpus + own).mistakes.empty());
  CHECK(checked(kOpus + own + "profiles = [\"off\", \"quick\"]\n").mistakes.at(0).what.find("in the way") !=
        std::string::npos);
}

TEST_CASE("a temperature is refused where the model takes none, at any profile that may be chosen", "[reasoning]") {
  const std::string hot = "temperature = 0.5\n";
  CHECK(checked(kOpus + tool(hot + "profiles = [\"off\"]\n")).mistakes.empty());
  const auto thinking = checked(kOpus + tool(hot + "profiles = [\"off\", \"quick\"]\n"));
  REQUIRE(thinking.mistakes.size() == 1);
  CHECK(thinking.mistakes[0].what.find("at profile \"quick\"; remove it, or use a profile with "
                                       "thinking_token_budget = 0") != std::string::npos);
  const std::string sol = "[models.m]\nmodel = \"gpt-6.2-sol\"\napi_key = \"env:KEY\"\n";
  CHECK(checked(sol + tool(hot)).mistakes.at(0).what.find("takes no temperature") != std::string::npos);
  CHECK(checked(sol + "temperature = \"accepted\"\n" + tool(hot)).mistakes.empty());
  const std::string luna = "[models.m]\nmodel = \"gpt-6-luna\"\napi_key = \"env:KEY\"\n";
  CHECK(checked(luna + tool(hot)).mistakes.at(0).what.find("reasoning_effort = \"none\"") != std::string::npos);
  CHECK(checked(luna + "profiles.plain = { reasoning_effort = \"none\" }\n" + tool(hot)).mistakes.empty());
}

TEST_CASE("a budget that a bucket never admits is a mistake, with the largest that it does", "[reasoning]") {
  const std::string limited = kOpus + "output_tpm = 10_000\noutput_tpm_burst = 3_000\n";
  CHECK(checked(limited + tool("profiles = [\"quick\"]\nmax_output_tokens = 952\n")).mistakes.empty());
  const auto check = checked(limited + tool("profiles = [\"quick\"]\nmax_output_tokens = 953\n"));
  REQUIRE(check.mistakes.size() == 1);
  CHECK(check.mistakes[0].what.find(
            "every call at profile \"quick\" reserves at least 3001 output tokens, 2048 of them "
            "for reasoning, but model \"m\" never admits more than 3000 at once") != std::string::npos);
  CHECK(check.mistakes[0].what.find("lower the profile's thinking_token_budget to at most 2047") != std::string::npos);
}

TEST_CASE("a profile that leaves less than one call a minute is warned of, whatever the rate", "[reasoning]") {
  const std::string limited = kOpus + "output_tpm = 2_559\noutput_tpm_burst = 2_559\n";
  const auto below = checked(limited + tool("profiles = [\"quick\"]\nmax_output_tokens = 511\n"));
  CHECK(below.warnings.empty());  // exactly one
  const auto above = checked(kOpus + "output_tph = 156_000\noutput_tph_burst = 9_999\n" +
                             tool("profiles = [\"quick\"]\nmax_output_tokens = 1_600\n"));
  REQUIRE(above.warnings.size() == 1);
  CHECK(above.warnings[0].what.find("admits about 0.7 calls of tool \"t\" at profile \"quick\" a minute, until answers "
                                    "turn out shorter than max_output_tokens = 1600 and 2048 for reasoning") !=
        std::string::npos);
}

TEST_CASE("a model that embeds answers no prompts", "[reasoning]") {
  const auto check = checked("[models.m]\nmodel = \"text-embedding-3-small\"\napi_key = \"env:KEY\"\n" + tool(""));
  CHECK(check.mistakes.at(0).what.find("makes embeddings") != std::string::npos);
}

TEST_CASE("a system prompt is worth caching when it is constant, long, and its provider caches what is marked",
          "[reasoning]") {
  ModelSettings model;
  model.facts.cache_control = true;
  model.facts.cacheable_min = 1'000;
  const auto of = [](const std::string& text) { return *Template::parse(text); };
  CHECK(is_worth_caching(model, *of(std::string(4'000, 'x'))));
  CHECK_FALSE(is_worth_caching(model, *of(std::string(3'990, 'x'))));
  CHECK_FALSE(is_worth_caching(model, *of(std::string(4'000, 'x') + "{{a}}")));
  model.prompt_cache = false;
  CHECK_FALSE(is_worth_caching(model, *of(std::string(4'000, 'x'))));
  model.prompt_cache = true;
  model.facts.cache_control = false;
  CHECK_FALSE(is_worth_caching(model, *of(std::string(4'000, 'x'))));
}

TEST_CASE("an answer's schema is the tool's output schema, and every mistake in it is told", "[reasoning]") {
  const std::string nano = "[models.m]\nmodel = \"gpt-4.1-nano\"\napi_key = \"env:KEY\"\n";
  const auto good = checked(nano + tool("output_schema = { type = \"object\", properties.n = { type = \"integer\" }, "
                                        "required = [\"n\"], additionalProperties = false }\n"));
  REQUIRE(good.catalog);
  const Tool& t = *good.catalog->find("t");
  CHECK(t.answers_json());
  CHECK(t.output_schema()["properties"]["n"]["type"] == "integer");
  const auto prompt = t.fill(nlohmann::json::object());
  REQUIRE(prompt->format);
  CHECK(prompt->format->read("```json\n{\"n\": 5}\n```") == "{\"n\":5}");
  CHECK(prompt->format->read("{\"n\": 5.5}").error().find("/n") != std::string::npos);
  CHECK(prompt->format->read("five").error() == "it is not JSON");
  const auto bad = checked(nano + tool("output_schema = { type = \"object\", properties.n = { type = \"int\" } }\n"));
  CHECK(bad.mistakes.at(0).what.find("output_schema: #/properties/n/type") != std::string::npos);
  CHECK(checked(nano + tool("output_schema = { type = \"array\" }\n")).mistakes.at(0).what.find("object") !=
        std::string::npos);
}

}  // namespace
}  // namespace weir
