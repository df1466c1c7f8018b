#include "mcp/weir/models_tool.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "tools/catalog/arguments.h"
#include "tools/catalog/schema.h"

namespace weir::mcp {
namespace {

Json or_null(const std::optional<std::int64_t>& number) { return number ? Json(*number) : Json(); }

Json dollars_per_million(const std::optional<std::int64_t>& picodollars) {
  return picodollars ? Json(static_cast<double>(*picodollars) / 1e6) : Json();
}

Json page_of(const Limit& limit) {
  const char* shape = limit.shape == Shape::bucket ? "bucket" : limit.shape == Shape::rolling ? "rolling" : "calendar";
  return {{"amount", limit.amount}, {"per_s", std::chrono::duration<double>(limit.per).count()}, {"shape", shape}};
}

Json profiles_of(const ModelSettings& model) {
  Json profiles = Json::object();
  for (const ProfileSettings& profile : model.profiles) {
    Json& page = profiles[profile.name] = {{"reasoning_tokens", profile.reasoning_tokens}};
    if (!profile.effort.empty()) page["effort"] = profile.effort;
  }
  return profiles;
}

Json page_of(const Gate& gate, const Model& model, const Caller& client) {
  const ModelSettings& settings = model.settings;
  const Prices& prices = settings.facts.prices;
  Json page = {{"provider", settings.provider},
               {"model", settings.model},
               {"kind", settings.facts.kind == ModelKind::chat ? "chat" : "embedding"},
               {"context_window", or_null(settings.facts.context_window)},
               {"max_output_tokens", or_null(settings.facts.max_output_tokens)},
               {"usd_per_million_tokens",
                {{"input", dollars_per_million(prices.input)},
                 {"cached_input", dollars_per_million(prices.cached_input)},
                 {"cache_write", dollars_per_million(prices.cache_write)},
                 {"output", dollars_per_million(prices.output)}}},
               {"profiles", profiles_of(settings)},
               {"limits", Json::object()},
               {"keys", model.spares.size() + 1},
               {"tools", Json::array()}};
  if (!settings.default_profile.empty()) page["default_profile"] = settings.default_profile;
  if (settings.max_concurrency) page["max_concurrency"] = *settings.max_concurrency;
  for (const LimitState& state : gate.limits(model.group, client.id)) {
    Json limit = page_of(state.limit);
    if (state.of == Refusal::Scope::model) {
      page["limits"][state.limit.name] = std::move(limit);
    } else {
      limit["of"] = state.scope;
      limit["name"] = state.limit.name;
      page["yours"].push_back(std::move(limit));
    }
  }
  return page;
}

std::string in_words(const std::string& alias, const Json& page) {
  const Json &prices = page["usd_per_million_tokens"], &context = page["context_window"];
  std::string words =
      fmt::format("{}: {} of {}", alias, page["model"].get<std::string>(), page["provider"].get<std::string>());
  if (!context.is_null()) words += fmt::format("; takes {} tokens", context.dump());
  if (prices["input"].is_null()) {
    words += "; price unknown";
  } else {
    words += fmt::format("; ${} in", prices["input"].dump());
    if (!prices["output"].is_null()) words += fmt::format(" and ${} out", prices["output"].dump());
    words += " per million tokens";
  }
  for (const auto& [name, profile] : page["profiles"].items())
    words += fmt::format("; profile {} reserves {} tokens for reasoning", name, profile["reasoning_tokens"].dump());
  for (const auto& [name, limit] : page["limits"].items())
    words += fmt::format("; {} {} per {} s", name, limit["amount"].dump(), limit["per_s"].dump());
  words += "; used by";
  for (const Json& tool : page["tools"]) words += " " + tool.get<std::string>();
  return words;
}

}  // namespace

ToolDefinition models_tool() {
  ToolDefinition definition;
  definition.name = kModelsTool;
  definition.title = "The models behind the tools";
  definition.description =
      "Which language models the tools here use: their context windows, prices, profiles of reasoning and limits. "
      "Free, "
      "and never queued.";
  definition.input_schema = input_schema(std::vector<InputSettings>{});
  definition.output_schema =
      Json{{"type", "object"}, {"properties", {{"models", {{"type", "object"}}}}}, {"required", {"models"}}};
  definition.annotations = {{"readOnlyHint", true}, {"openWorldHint", false}, {"idempotentHint", true}};
  return definition;
}

Result<Values> models_question(const Json& arguments) {
  return argument_rules(std::vector<InputSettings>{})->read(arguments);
}

ToolReply models_answer(const Gate& gate, const Catalog& catalog, const Caller& client) {
  Json models = Json::object();
  for (const auto& [name, tool] : catalog.tools()) {
    if (!tool.model()) continue;
    Json& page = models[tool.model_alias()];
    if (page.is_null()) page = page_of(gate, *tool.model(), client);
    page["tools"].push_back(name);
  }
  std::string words;
  for (const auto& [alias, page] : models.items()) words += (words.empty() ? "" : "\n") + in_words(alias, page);
  if (words.empty()) words = "No tool here uses a model.";
  ToolResult result;
  result.content.push_back({{"type", "text"}, {"text", words}});
  result.structured = Json{{"models", std::move(models)}};
  return result;
}

}  // namespace weir::mcp
