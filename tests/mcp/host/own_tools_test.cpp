// weir_models and weir_estimate: what an agent can know before it calls.
#include <catch2/catch.hpp>

#include "mcp/weir/estimate_tool.h"
#include "mcp/weir/models_tool.h"
#include "mcp/weir/offer.h"
#include "tests/mcp/host/scene.h"

namespace weir::mcp {
namespace {

using namespace std::chrono_literals;

constexpr const char* kPriced = R"(
model = "fast"
[models.deep]
provider = "anthropic"
model = "claude-sonnet-4-5"
api_key = "env:KEY"
input_price = 3.0
output_price = 15.0
context_window = 200_000
input_tpm = 50_000
default_profile = "quick"
[models.deep.profiles.quick]
thinking_token_budget = 1024
[models.deep.profiles.thorough]
thinking_token_budget = 4096
[tools.analyse]
description = "Analyse a text."
model = "deep"
profiles = ["quick", "thorough"]
prompt = "Analyse: {{text}}"
max_output_tokens = 500
list = "text"
list_max = 3
input.text = { type = "string" }
[tools.lookup]
description = "Look something up."
kind = "http"
request = { url = "https://api.example.com/{{id}}" }
input.id = { type = "string" }
)";

ToolResult ask(Scene& scene, const std::string& tool, const Json& arguments) {
  scene.call(tool, arguments);
  scene.loop.run_for(0ms);
  return std::get<ToolResult>(scene.replies.back());
}

Json estimated(Scene& scene, const Json& arguments) {
  const ToolResult result = ask(scene, "weir_estimate", arguments);
  REQUIRE_FALSE(result.is_error);
  return result.structured.value();
}

std::string objection(Scene& scene, const Json& arguments) {
  const ToolResult result = ask(scene, "weir_estimate", arguments);
  CHECK(result.is_error);
  return result.content[0]["text"];
}

TEST_CASE("weir_models says what each model takes, costs and reserves, and which tools use it", "[own]") {
  Scene scene(kPriced);
  const ToolResult result = ask(scene, "weir_models", Json::object());
  REQUIRE_FALSE(result.is_error);
  const Json models = result.structured.value()["models"];
  REQUIRE(models.size() == 2);
  const Json& deep = models["deep"];
  CHECK(deep["provider"] == "anthropic");
  CHECK(deep["model"] == "claude-sonnet-4-5");
  CHECK(deep["kind"] == "chat");
  CHECK(deep["context_window"] == 200'000);
  CHECK(deep["usd_per_million_tokens"]["input"] == 3.0);
  CHECK(deep["usd_per_million_tokens"]["output"] == 15.0);
  CHECK(deep["default_profile"] == "quick");
  CHECK(deep["profiles"]["thorough"]["reasoning_tokens"].get<int>() >= 4'096);
  CHECK(deep["limits"]["input_tpm"] == Json{{"amount", 50'000}, {"per_s", 60.0}, {"shape", "bucket"}});
  CHECK(deep["tools"] == Json{"analyse"});
  CHECK(models["fast"]["usd_per_million_tokens"]["input"].is_null());
  CHECK(models["fast"]["tools"] == Json{"summarise"});
  const std::string words = result.content[0]["text"];
  CHECK(words.find("deep: claude-sonnet-4-5 of anthropic") != std::string::npos);
  CHECK(words.find("fast: m of compatible") != std::string::npos);
  CHECK(words.find("price unknown") != std::string::npos);
}

TEST_CASE("weir_models takes no arguments, and makes no call", "[own]") {
  Scene scene;
  CHECK(ask(scene, "weir_models", {{"model", "fast"}}).is_error);
  CHECK_FALSE(ask(scene, "weir_models", Json::object()).is_error);
  CHECK(scene.http.requests.empty());
}

TEST_CASE("weir_estimate counts a call as the call itself would reserve it, and makes none", "[own]") {
  Scene scene(kPriced);
  const Json arguments = {{"text", std::string(3'000, 'a')}};
  const Json page = estimated(scene, {{"tool", "analyse"}, {"arguments", arguments}});
  const Prompt prompt = *scene.catalog->find("analyse")->fill(arguments);
  const Estimate expected = estimate(prompt);
  CHECK(page["model"] == "deep");
  CHECK(page["calls"] == 1);
  CHECK(page["input_tokens"] == expected.input_tokens);
  CHECK(page["reserved"] == Json{{"input", expected.input_tokens},
                                 {"output", expected.output_tokens},
                                 {"reasoning", prompt.profile.reasoning_tokens}});
  const double at_most =
      (static_cast<double>(expected.input_tokens) * 3 + static_cast<double>(expected.output_tokens) * 15) / 1e6;
  CHECK(page["cost_usd"]["at_most"].get<double>() == Approx(at_most));
  CHECK(page["cost_usd"]["about"].is_null());
  CHECK(page["forecast"] == Json{{"would_wait_ms", 0}});
  CHECK_FALSE(page.contains("at_least"));
  CHECK(scene.http.requests.empty());
  CHECK(scene.gate.state().slots_taken == 0);
  CHECK(estimated(scene, {{"tool", "analyse"}, {"arguments", arguments}}) == page);
}

TEST_CASE("weir_estimate goes by the profile, be it an argument of the tool's or of its own", "[own]") {
  Scene scene(kPriced);
  const Json quick = estimated(scene, {{"tool", "analyse"}, {"arguments", {{"text", "a"}}}});
  const Json thorough =
      estimated(scene, {{"tool", "analyse"}, {"arguments", {{"text", "a"}}}, {"profile", "thorough"}});
  CHECK(thorough["reserved"]["reasoning"] > quick["reserved"]["reasoning"]);
  CHECK(thorough == estimated(scene, {{"tool", "analyse"}, {"arguments", {{"text", "a"}, {"profile", "thorough"}}}}));
}

TEST_CASE("weir_estimate adds up the rows of a list", "[own]") {
  Scene scene(kPriced);
  const Json one = estimated(scene, {{"tool", "analyse"}, {"arguments", {{"text", "abc"}}}});
  const Json three = estimated(scene, {{"tool", "analyse"}, {"arguments", {{"texts", {"abc", "abc", "abc"}}}}});
  CHECK(three["calls"] == 3);
  CHECK(three["input_tokens"] == 3 * one["input_tokens"].get<int>());
  CHECK(three["reserved"]["output"] == 3 * one["reserved"]["output"].get<int>());
}

TEST_CASE("weir_estimate says how long the call would wait, and when it never fits", "[own]") {
  Scene scene;
  const Json question = {{"tool", "summarise"}, {"arguments", {{"text", "x"}}}};
  CHECK(estimated(scene, question)["forecast"] == Json{{"would_wait_ms", 0}});
  CHECK(estimated(scene, question)["cost_usd"]["at_most"].is_null());
  scene.call("summarise", {{"text", "x"}});  // one request a second: the next waits
  scene.loop.run_for(0ms);
  CHECK(estimated(scene, question)["forecast"]["limit"] == "rpm");
  const Json never = estimated(scene, {{"tool", "summarise"}, {"arguments", {{"text", std::string(1'000'000, 'x')}}}});
  CHECK(never["forecast"]["never"] == true);
  CHECK(never["forecast"]["limit"] == "tpm");
  CHECK(never["forecast"]["largest"] == 10'000);
}

TEST_CASE("weir_estimate objects to what is wrong as the call would", "[own]") {
  Scene scene(kPriced);
  const Json text = {{"text", "x"}};
  CHECK(objection(scene, {{"tool", "sumarise"}, {"arguments", text}}).find("did you mean \"summarise\"?") !=
        std::string::npos);
  CHECK(objection(scene, {{"tool", "lookup"}, {"arguments", {{"id", "1"}}}}).find("asks no model") !=
        std::string::npos);
  CHECK(objection(scene, {{"tool", "summarise"}, {"arguments", Json::object()}}).find("text") != std::string::npos);
  CHECK(objection(scene, {{"tool", "summarise"}}).find("arguments.arguments: is required") != std::string::npos);
  CHECK(objection(scene, {{"arguments", text}}).find("arguments.tool: is required") != std::string::npos);
  CHECK(objection(scene, {{"tool", "summarise"}, {"arguments", text}, {"profile", "x"}}).find("no profiles") !=
        std::string::npos);
  CHECK(objection(scene, {{"tool", "analyse"}, {"arguments", text}, {"profile", "x"}}).find("profile") !=
        std::string::npos);
  CHECK(objection(scene, {{"tool", "summarise"}, {"arguments", text}, {"more", 1}}).find("arguments.more") !=
        std::string::npos);
  CHECK(objection(scene, Json::array()).find("expected an object") != std::string::npos);
}

TEST_CASE("each of Weir's own tools is offered unless it is switched off", "[own]") {
  Scene scene;
  const auto offered = [&](OwnTools own) {
    const auto offer = make_offer(*scene.catalog, own);
    std::vector<std::string> names;
    for (const auto& tool : offer->tools) names.push_back(tool.name);
    return names;
  };
  using Names = std::vector<std::string>;
  CHECK(offered({}) == Names{"summarise", "weir_estimate", "weir_limits", "weir_models"});
  CHECK(offered({.limits = false}) == Names{"summarise", "weir_estimate", "weir_models"});
  CHECK(offered({.models = false}) == Names{"summarise", "weir_estimate", "weir_limits"});
  CHECK(offered({.estimate = false}) == Names{"summarise", "weir_limits", "weir_models"});
}

}  // namespace
}  // namespace weir::mcp
