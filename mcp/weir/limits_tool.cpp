#include "mcp/weir/limits_tool.h"

#include <fmt/format.h>

#include <algorithm>

#include "mcp/weir/forecasts.h"
#include "mcp/weir/pages.h"
#include "tools/catalog/arguments.h"
#include "tools/catalog/reasoning.h"
#include "tools/catalog/schema.h"

namespace weir::mcp {
namespace {

// More than any model takes.
constexpr double kInputTokensMax = 100'000'000;

std::vector<InputSettings> inputs(const Catalog& catalog) {
  InputSettings tool, model, tokens;
  tool.name = "tool";
  tool.description = "How long would a call of this tool wait now?";
  model.name = "model";
  model.description = "The limits of this model only.";
  tool.required = model.required = tokens.required = false;
  for (const auto& [name, each] : catalog.tools()) {
    if (!each.model()) continue;
    tool.one_of.emplace_back(name);
    const InputValue alias = each.model_alias();
    if (std::find(model.one_of.begin(), model.one_of.end(), alias) == model.one_of.end()) model.one_of.push_back(alias);
  }
  tokens.name = "input_tokens";
  tokens.type = InputType::integer;
  tokens.description = "The size of the text that the call would carry; about a third of its bytes.";
  tokens.minimum = 0;
  tokens.maximum = kInputTokensMax;
  return {tokens, model, tool};
}

const Tool* tool_of(const Catalog& catalog, const LimitsQuestion& question) {
  if (!question.tool.empty()) return catalog.find(question.tool);
  for (const auto& [name, tool] : catalog.tools())
    if (tool.model_alias() == question.model) return &tool;
  return nullptr;
}

std::string in_words(const std::string& alias, const Json& model) {
  std::string words =
      fmt::format("{}: {} in flight, {} waiting", alias, model["in_flight"].dump(), model["waiting"].dump());
  for (const auto& [limit, state] : model["limits"].items())
    words += fmt::format("; {} {} of {} left at once ({} a period)", limit, state["level"].dump(),
                         state["burst"].dump(), state["amount"].dump());
  if (model.contains("paused_for_ms"))
    words += fmt::format("; paused by its provider for {} ms", model["paused_for_ms"].dump());
  return words;
}

}  // namespace

ToolDefinition limits_tool(const Catalog& catalog) {
  ToolDefinition definition;
  definition.name = kLimitsTool;
  definition.title = "What is left of the limits";
  definition.description =
      "What is left of every limit, who waits, and how long a call would wait now. Free, and never queued: ask it "
      "before a "
      "large batch.";
  definition.input_schema = input_schema(inputs(catalog));
  definition.output_schema =
      Json{{"type", "object"},
           {"properties",
            {{"server", {{"type", "object"}}}, {"models", {{"type", "object"}}}, {"forecast", {{"type", "object"}}}}},
           {"required", {"server", "models"}}};
  definition.annotations = {{"readOnlyHint", true}, {"openWorldHint", false}, {"idempotentHint", true}};
  return definition;
}

Result<LimitsQuestion> limits_question(const Catalog& catalog, const Json& arguments) {
  const auto values = argument_rules(inputs(catalog))->read(arguments);
  if (!values) return tl::unexpected(values.error());
  LimitsQuestion question;
  if (const auto tool = values->find("tool"); tool != values->end()) question.tool = tool->second.get<std::string>();
  if (const auto model = values->find("model"); model != values->end())
    question.model = model->second.get<std::string>();
  if (const auto tokens = values->find("input_tokens"); tokens != values->end())
    question.input_tokens = tokens->second.get<std::int64_t>();
  return question;
}

ToolReply limits_answer(const Gate& gate, const Tally& tally, const Catalog& catalog, const Caller& client,
                        const LimitsQuestion& question) {
  Json page = limits_page(gate, tally, catalog, client);
  std::string words;
  if (const Tool* tool = tool_of(catalog, question)) {
    Ask ask;
    ask.client = client.id;
    ask.priority = lower(client.priority, tool->settings().priority);
    // Of a model alone: the smallest answer; of a tool: the longest that it may give, at the profile that it has by
    // default.
    const std::int64_t output = question.tool.empty()
                                    ? 1
                                    : tool->settings().max_output_tokens +
                                          profiles_of(tool->settings(), tool->model()->settings)[0].reasoning_tokens;
    ask.estimate = {.input_tokens = std::max<std::int64_t>(question.input_tokens, 1),
                    .output_tokens = output,
                    .output_cap = output};
    const std::string what =
        question.tool.empty() ? fmt::format("model \"{}\"", question.model) : fmt::format("\"{}\"", question.tool);
    ForecastTold forecast = told(soonest(gate, *tool->model(), ask), what);
    page["forecast"] = std::move(forecast.json);
    words = forecast.words + "\n";
    const std::string alias = tool->model()->settings.alias;
    page["models"] = Json{{alias, page["models"][alias]}};
  }
  for (const auto& [alias, model] : page["models"].items()) words += in_words(alias, model) + "\n";
  ToolResult result;
  words.pop_back();
  result.content.push_back({{"type", "text"}, {"text", words}});
  result.structured = std::move(page);
  return result;
}

ToolId tool_id(Gate& gate, const Tool& tool) {
  return gate.tool({.name = tool.settings().name, .slots = tool.settings().max_concurrency});
}

}  // namespace weir::mcp
