#include "mcp/weir/pages.h"

#include <chrono>

#include "mcp/weir/offer.h"

namespace weir::mcp {
namespace {

using Json = nlohmann::json;

double seconds(Duration span) { return std::chrono::duration<double>(span).count(); }

Json dollars_per_million(const std::optional<std::int64_t>& picodollars) {
  return picodollars ? Json(static_cast<double>(*picodollars) / 1e6) : Json();  // unknown is null, never 0
}

std::int64_t ms(Duration span) { return std::chrono::ceil<std::chrono::milliseconds>(span).count(); }

const char* name(Shape shape) {
  return shape == Shape::bucket ? "bucket" : shape == Shape::rolling ? "rolling" : "calendar";
}

Json one_limit(const LimitState& state) {
  Json limit = {{"amount", state.limit.amount},
                {"per_s", seconds(state.limit.per)},
                {"burst", state.limit.burst},
                {"level", state.level},
                {"shape", name(state.limit.shape)}};
  if (state.limit.shape == Shape::calendar) limit["resets"] = state.limit.zone;
  if (state.closed_for) limit["closed_for_ms"] = ms(*state.closed_for);
  return limit;
}

Json calls(const GroupTally& tally) {
  return {{"admitted", tally.admitted},
          {"refused", tally.refused},
          {"failed", tally.failed},
          {"pauses", tally.pauses},
          {"queued_ms", ms(tally.queued)},
          {"throttled_ms", ms(tally.throttled)},
          {"reserved_tokens", tally.reserved_tokens},
          {"used_tokens", tally.used_tokens},
          {"debt_tokens", tally.debt_tokens},
          {"refused_by", tally.refused_by}};
}

Json model_limits(const Gate& gate, const Tally& tally, const Model& model, const Caller& client) {
  const GateState state = gate.state(model.group);
  Json limits = Json::object(), yours = Json::array();
  for (const LimitState& one : gate.limits(model.group, client.id)) {
    Json limit = one_limit(one);
    if (one.of == Refusal::Scope::model) {
      limits[one.limit.name] = std::move(limit);
    } else {
      limit["of"] = one.scope;
      limit["name"] = one.limit.name;
      yours.push_back(std::move(limit));
    }
  }
  Ask smallest;
  smallest.group = model.group;
  smallest.client = client.id;
  smallest.priority = client.priority;
  smallest.estimate = {.input_tokens = 1, .output_tokens = 0};
  Json page = {{"in_flight", state.slots_taken},
               {"waiting", state.waiting},
               {"predicted_wait_ms", ms(gate.forecast(smallest).wait.value_or(Duration()))},
               {"limits", std::move(limits)},
               {"calls", calls(tally.of(model.group))}};
  if (!yours.empty()) page["yours"] = std::move(yours);
  if (model.settings.max_concurrency) page["max_concurrency"] = *model.settings.max_concurrency;
  if (const Duration paused = gate.paused_for(model.group); paused > Duration()) page["paused_for_ms"] = ms(paused);
  return page;
}

}  // namespace

Json limits_page(const Gate& gate, const Tally& tally, const Catalog& catalog, const Caller& client) {
  const GateState state = gate.state();
  Json models = Json::object();
  for (const auto& [name, tool] : catalog.tools()) {
    if (!tool.model()) continue;
    auto& page = models[tool.model_alias()];
    if (!page.is_null()) continue;
    page = model_limits(gate, tally, *tool.model(), client);
    for (const auto& spare : tool.model()->spares)
      models[spare->settings.alias] = model_limits(gate, tally, *spare, client);
  }
  return {{"server",
           {{"concurrency_limit", gate.options().slots},
            {"queue_limit", gate.options().queue_limit},
            {"in_flight", state.slots_taken},
            {"waiting", state.waiting}}},
          {"models", std::move(models)}};
}

Json tool_page(const Tool& tool) {
  const ToolSettings& settings = tool.settings();
  Json page = {{"name", settings.name},
               {"description", settings.description},
               {"kind", settings.kind},
               {"inputSchema", tool.input_schema()},
               {"outputSchema", tool.output_schema()}};
  if (tool.model()) {
    const ModelSettings& model = tool.model()->settings;
    page["max_output_tokens"] = settings.max_output_tokens;
    page["price"] = price_in_words(tool);
    page["model"] = {{"alias", model.alias},
                     {"provider", model.provider},
                     {"name", model.model},
                     {"usd_per_million_tokens",
                      {{"input", dollars_per_million(model.facts.prices.input)},
                       {"cached_input", dollars_per_million(model.facts.prices.cached_input)},
                       {"cache_write", dollars_per_million(model.facts.prices.cache_write)},
                       {"output", dollars_per_million(model.facts.prices.output)}}}};
  }
  for (const std::string& profile : settings.profiles) page["profiles"].push_back(profile);
  if (!settings.title.empty()) page["title"] = settings.title;
  if (!settings.scopes.empty()) page["scopes"] = settings.scopes;
  return page;
}

}  // namespace weir::mcp
