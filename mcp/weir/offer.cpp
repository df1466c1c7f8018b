#include "mcp/weir/offer.h"

#include <fmt/format.h>

#include <algorithm>

#include "mcp/weir/estimate_tool.h"
#include "mcp/weir/limits_tool.h"
#include "mcp/weir/models_tool.h"
#include "mcp/weir/usage_tool.h"
#include "tools/catalog/reasoning.h"

namespace weir::mcp {
namespace {

// The catalog changes only with the configuration, and is the same for everybody.
constexpr Validity kValidity{.ttl_ms = 300'000, .everybody = true};
constexpr std::size_t kToolsNamed = 20;

// "summarise_ticket" → "Summarise ticket", where the author gives none.
std::string title_of(const ToolSettings& tool) {
  if (!tool.title.empty()) return tool.title;
  std::string title = tool.name;
  std::replace(title.begin(), title.end(), '_', ' ');
  title.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(title.front())));
  return title;
}

// Of one call at its longest answer, for an agent that chooses among tools: it does not calculate.
std::string cost_class(const Tool& tool) {
  const Prices& prices = tool.model()->settings.facts.prices;
  const bool embeds = tool.settings().kind == "embed";
  if (!prices.input || (!prices.output && !embeds)) return "";
  const double tokens = embeds ? 0 : static_cast<double>(tool.settings().max_output_tokens);
  const double dollars =
      (static_cast<double>(*prices.input) * 2'000 + static_cast<double>(prices.output.value_or(0)) * tokens) / 1e12;
  const char* word = dollars < 0.002 ? "low" : dollars < 0.02 ? "medium" : "high";
  return fmt::format(" Cost: {} (up to ${:.2g} for a page of text).", word, dollars);
}

std::string described(const Tool& tool) {
  std::string text = tool.settings().description;
  if (tool.model()) text += cost_class(tool);
  return text;
}

// With a model nothing is changed anywhere, but the text goes to a provider outside, and the same call may be answered
// otherwise. What an API does is told by its method.
Json annotations_of(const ToolSettings& tool) {
  const std::string& method = tool.http.method;
  const bool reads = tool.kind != "http" || method == "GET" || method == "HEAD";
  Json annotations = {{"readOnlyHint", reads}, {"openWorldHint", true}};
  if (!reads) {
    annotations["destructiveHint"] = method != "POST";
    annotations["idempotentHint"] = method == "PUT" || method == "DELETE";
  }
  return annotations;
}

ToolDefinition definition_of(const Tool& tool) {
  const ToolSettings& settings = tool.settings();
  ToolDefinition definition;
  definition.name = settings.name;
  definition.title = title_of(settings);
  definition.description = described(tool);
  definition.input_schema = tool.input_schema();
  definition.output_schema = tool.output_schema();
  definition.annotations = annotations_of(settings);
  definition.scopes = settings.scopes;
  definition.task = TaskUse::when_slow;
  return definition;
}

PromptDefinition prompt_of(const Tool& tool) {
  const ToolSettings& settings = tool.settings();
  PromptDefinition prompt{settings.name, settings.title, settings.description, {}, settings.scopes};
  for (const InputSettings& input : settings.inputs)
    prompt.arguments.push_back({input.name, "", input.description, input.required});
  return prompt;
}

std::string dollars(double amount) { return fmt::format("${:.2g}", amount); }

}  // namespace

std::shared_ptr<const Offer> make_offer(const Catalog& catalog, OwnTools own) {
  Offer offer;
  for (const auto& [name, tool] : catalog.tools()) {
    offer.tools.push_back(definition_of(tool));
    if (tool.settings().as_prompt) offer.prompts.push_back(prompt_of(tool));
  }
  if (own.limits) offer.tools.push_back(limits_tool(catalog));
  if (own.models) offer.tools.push_back(models_tool());
  if (own.estimate) offer.tools.push_back(estimate_tool(catalog));
  if (own.usage) offer.tools.push_back(usage_tool(own.usage_sql));
  std::sort(offer.tools.begin(), offer.tools.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  offer.resources.push_back({kConfigUri, "config", "Configuration",
                             "The configuration in force, as TOML; without secrets.", "application/toml"});
  offer.resources.push_back({kLimitsUri, "limits", "Limits",
                             "What is left of every limit, and who waits: read it before a large batch.",
                             "application/json"});
  if (own.usage)
    offer.resources.push_back({kUsageUri, "usage", "Usage",
                               "What calls used and cost today and this month, budgets, and the state of the ledger.",
                               "application/json"});
  for (const auto& [name, tool] : catalog.tools())
    offer.resources.push_back({kToolUriPrefix + name, name, tool.settings().title,
                               fmt::format("The tool {}: its definition, model and price.", name), "application/json"});
  offer.templates.push_back({std::string(kToolUriPrefix) + "{name}", "tool", "Tool",
                             "A tool by its name: its definition, model and price.", "application/json"});
  offer.completions = offer.logging = offer.changing = true;
  offer.validity = kValidity;
  return std::make_shared<const Offer>(std::move(offer));
}

std::string price_in_words(const Tool& tool) {
  if (!tool.model()) return "no model, no price";
  const Prices& prices = tool.model()->settings.facts.prices;
  if (!prices.input || (!prices.output && tool.settings().kind != "embed")) return "of unknown price";
  if (tool.settings().kind == "embed")
    return fmt::format("about {} per 1,000 tokens of input", dollars(static_cast<double>(*prices.input) * 1e3 / 1e12));
  const double per_thousand = static_cast<double>(*prices.input) * 1e3 / 1e12;
  std::int64_t room = 0;
  for (const ProfileSettings& profile : profiles_of(tool.settings(), tool.model()->settings))
    room = std::max(room, profile.reasoning_tokens);
  const double answer =
      static_cast<double>(*prices.output) * static_cast<double>(tool.settings().max_output_tokens + room) / 1e12;
  return fmt::format("about {} per 1,000 tokens of input and at most {} for the answer{}", dollars(per_thousand),
                     dollars(answer), room > 0 ? " and its reasoning" : "");
}

std::string instructions(const Catalog& catalog) {
  std::string text =
      "Each tool here is one call to a language model, made within the limits of its account. A call may wait for its "
      "turn; _meta[\"weir/usage\"] of the result says how long, what it used and what it cost. A result with isError "
      "whose text says \"retry after\" was refused by a limit before anything was sent or charged: wait as long as it "
      "says (_meta[\"weir/refusal\"].retry_after_ms), then make the same call again, which has kept its place. One "
      "that "
      "names a largest amount never fits: send less text. Before a large batch, read weir://limits (or call "
      "weir_limits, if it is there). Prices:";
  std::size_t named = 0;
  for (const auto& [name, tool] : catalog.tools()) {
    if (++named > kToolsNamed)
      return text + fmt::format(" and {} more tools, see weir://tools/{{name}}.", catalog.tools().size() - kToolsNamed);
    text += fmt::format(" {}: {}.", name, price_in_words(tool));
  }
  return text;
}

}  // namespace weir::mcp
