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

Json model_limits(const Gate& gate, const Model& model) {
  const GateState state = gate.state(model.group);
  Json limits = Json::object();
  for (const LimitState& one : gate.limits(model.group))
    limits[one.limit.name] = {{"amount", one.limit.amount},
                              {"per_s", seconds(one.limit.per)},
                              {"burst", one.limit.burst},
                              {"level", one.level}};
  const Duration wait = gate.predicted_wait(model.group, {.input_tokens = 1, .output_tokens = 0});
  Json page = {{"in_flight", state.slots_taken},
               {"waiting", state.waiting},
               {"predicted_wait_ms", std::chrono::ceil<std::chrono::milliseconds>(wait).count()},
               {"limits", std::move(limits)}};
  if (model.settings.max_concurrency) page["max_concurrency"] = *model.settings.max_concurrency;
  return page;
}

}  // namespace

Json limits_page(const Gate& gate, const Catalog& catalog) {
  const GateState state = gate.state();
  Json models = Json::object();
  for (const auto& [name, tool] : catalog.tools()) {
    auto& page = models[tool.model()->settings.alias];
    if (page.is_null()) page = model_limits(gate, *tool.model());
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
  const ModelSettings& model = tool.model()->settings;
  Json page = {{"name", settings.name},
               {"description", settings.description},
               {"kind", settings.kind},
               {"inputSchema", tool.input_schema()},
               {"outputSchema", tool.output_schema()},
               {"max_output_tokens", settings.max_output_tokens},
               {"price", price_in_words(tool)},
               {"model",
                {{"alias", model.alias},
                 {"provider", model.provider},
                 {"name", model.model},
                 {"usd_per_million_tokens",
                  {{"input", dollars_per_million(model.prices.input)},
                   {"cached_input", dollars_per_million(model.prices.cached_input)},
                   {"output", dollars_per_million(model.prices.output)}}}}}};
  if (!settings.title.empty()) page["title"] = settings.title;
  if (!settings.scopes.empty()) page["scopes"] = settings.scopes;
  return page;
}

}  // namespace weir::mcp
