#include <catch2/catch.hpp>

#include "config/profiles.h"
#include "tests/config/samples.h"

namespace weir {
namespace {

std::string table(const std::string& provider, const std::string& model, const std::string& rest) {
  return "[models.m]\nprovider = \"" + provider + "\"\nmodel = \"" + model + "\"\napi_key = \"env:OPENAI_API_KEY\"\n" +
         rest;
}
std::string opus(const std::string& rest) { return table("anthropic", "claude-opus-4-5", rest); }
std::string o4(const std::string& rest) { return table("openai", "o4-mini", rest); }

const ModelSettings read(const std::string& toml) {
  const auto config = parse(toml);
  if (!config) FAIL(config.error().at(0).text());
  return config->models.at("m");
}
bool says(const std::string& toml, const std::string& what) {
  const std::string said = messages(toml);
  INFO(said);
  return said.find(what) != std::string::npos;
}

TEST_CASE("a thinking budget is the room that is left for reasoning", "[profiles]") {
  const ModelSettings model = read(opus("profiles.quick = { thinking_token_budget = 2_048 }\n"));
  CHECK(model.default_profile == "quick");
  CHECK(profile_of(model, "").thinking_budget == 2'048);
  CHECK(profile_of(model, "quick").reasoning_tokens == 2'048);
}

TEST_CASE("an effort leaves room by its word, unless the profile states it", "[profiles]") {
  const ModelSettings model =
      read(o4("default_profile = \"fast\"\nprofiles.fast = { reasoning_effort = \"low\" }\n"
              "profiles.deep = { reasoning_effort = \"high\" }\n"
              "profiles.own = { reasoning_effort = \"high\", reasoning_tokens = 30_000 }\n"));
  CHECK(profile_of(model, "").name == "fast");
  CHECK(profile_of(model, "fast").reasoning_tokens == 4'096);
  CHECK(profile_of(model, "deep").reasoning_tokens == 16'384);
  CHECK(profile_of(model, "own").reasoning_tokens == 30'000);
}

TEST_CASE("a model that reasons when nothing is said gets room for it; one that does not, none", "[profiles]") {
  CHECK(profile_of(read(o4("")), "").reasoning_tokens == 8'192);
  CHECK(profile_of(read(o4("")), "").effort.empty());
  CHECK(profile_of(read(opus("")), "").reasoning_tokens == 0);
  CHECK(profile_of(read(table("google", "gemini-2.5-flash", "")), "").reasoning_tokens == 8'192);
  CHECK(profile_of(read(table("openai", "gpt-4.1-nano", "")), "").reasoning_tokens == 0);
}

TEST_CASE("a budget is within the model's bounds, both ends included", "[profiles]") {
  const auto with = [](const char* budget) {
    return opus(std::string("profiles.p = { thinking_token_budget = ") + budget + " }\n");
  };
  CHECK(messages(with("1024")) == "");
  CHECK(messages(with("63999")) == "");
  CHECK(messages(with("0")) == "");
  const std::string bounds = "thinking_token_budget must be from 1024 to 63999, or 0 for none, not ";
  CHECK(says(with("1023"), bounds + "1023"));
  CHECK(says(with("64000"), bounds + "64000"));
  CHECK(says(with("-1"), bounds + "-1"));
}

TEST_CASE("Google's budget may be left to the model, and be none unless it reasons always", "[profiles]") {
  const auto with = [](const char* model, const char* budget) {
    return table("google", model, std::string("profiles.p = { thinking_token_budget = ") + budget + " }\n");
  };
  CHECK(profile_of(read(with("gemini-2.5-flash", "-1")), "p").reasoning_tokens == 16'384);
  CHECK(profile_of(read(with("gemini-2.5-flash", "0")), "p").reasoning_tokens == 0);
  CHECK(says(with("gemini-2.5-pro", "0"), "must be from 128 to 32768, or -1 for as much as the model likes, not 0"));
  CHECK(says(with("gemini-3.8-flash", "500"), "takes no thinking_token_budget; it takes thinking_level"));
}

TEST_CASE("each provider's own word for effort is asked for", "[profiles]") {
  CHECK(says(o4("profiles.p = { effort = \"low\" }\n"), "openai calls it reasoning_effort, not effort"));
  CHECK(says(opus("profiles.p = { thinking_level = \"low\" }\n"), "anthropic calls it effort, not thinking_level"));
  CHECK(says(table("google", "gemini-3.8-flash", "profiles.p = { reasoning_effort = \"low\" }\n"),
             "google calls it thinking_level, not reasoning_effort"));
}

TEST_CASE("an effort that the model does not take is named, with those that it takes", "[profiles]") {
  CHECK(says(o4("profiles.p = { reasoning_effort = \"max\" }\n"), "known are \"low\", \"medium\", \"high\""));
  CHECK(says(table("openai", "gpt-4.1-nano", "profiles.p = { reasoning_effort = \"low\" }\n"),
             "the model \"gpt-4.1-nano\" takes no reasoning_effort"));
  CHECK(says(o4("profiles.p = { verbosity = \"low\" }\n"), "the model \"o4-mini\" takes no verbosity"));
  CHECK(says(table("anthropic", "claude-sonnet-4-5", "profiles.p = { effort = \"low\" }\n"),
             "takes no effort; it takes a thinking_token_budget"));
}

TEST_CASE("what excludes each other is told", "[profiles]") {
  CHECK(says(opus("profiles.p = { thinking_token_budget = 4096, reasoning_tokens = 4095 }\n"),
             "reasoning_tokens = 4095 is less room than thinking_token_budget = 4096 takes"));
  CHECK(messages(opus("profiles.p = { thinking_token_budget = 4096, reasoning_tokens = 4096 }\n")) == "");
  CHECK(says(table("anthropic", "claude-opus-5", "profiles.p = { thinking_token_budget = 0, effort = \"max\" }\n"),
             "goes with an effort of high at most"));
  CHECK(says(table("openrouter", "x/y", "profiles.p = { thinking_token_budget = 2000, reasoning_effort = \"low\" }\n"),
             "exclude each other"));
}

TEST_CASE("a default profile is asked for when there are several, and must be one of them", "[profiles]") {
  const std::string two = "profiles = { a = {}, b = {} }\n";
  CHECK(says(o4(two), "default_profile is missing; it is one of \"a\", \"b\""));
  CHECK(says(o4("default_profile = \"c\"\n" + two), "no default_profile named \"c\""));
  CHECK(says(o4("default_profile = \"a\"\n"), "there are no profiles; add [models.m.profiles.NAME]"));
  CHECK(says(o4("profiles.p = 5\n"), "profile \"p\" must be a table such as { reasoning_effort = \"low\" }"));
  CHECK(says(o4("profiles.\"a b\" = {}\n"), "a profile's name must be 1 to 40"));
}

TEST_CASE("each key of a model has limits of its own, or the model's; two of one account must agree", "[keys]") {
  const std::string key = "keys.b = { api_key = \"env:OTHER_KEY\", ";
  const auto accounts = accounts_of(read(o4("rpm = 5\n" + key + "rpm = 7 }\nkeys.c.api_key = \"env:CLIENT_TOKEN\"\n")));
  REQUIRE(accounts.size() == 3);
  CHECK(accounts[0].alias == "m");
  CHECK(accounts[0].limits.at(0).amount == 5);
  CHECK(accounts[1].alias == "m/b");
  CHECK(accounts[1].limits.at(0).amount == 7);
  CHECK(accounts[2].limits.at(0).amount == 5);
  CHECK(says(o4("rpm = 5\nkeys.b = { api_key = \"env:SAME_KEY\", rpm = 6 }\n"), "rpm"));
  CHECK(says(o4("keys.b = { rpm = 6 }\n"), "model \"m\", key \"b\": api_key is missing"));
  CHECK(says(o4("keys.b = 5\n"), "key \"b\" must be a table"));
  CHECK(says(o4(key + "rpn = 6 }\n"), "unknown key \"rpn\"; did you mean \"rpm\"?"));
}

}  // namespace
}  // namespace weir
