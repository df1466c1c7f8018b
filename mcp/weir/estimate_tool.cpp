#include "mcp/weir/estimate_tool.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "mcp/weir/forecasts.h"
#include "mcp/weir/limits_tool.h"
#include "tools/catalog/reasoning.h"
#include "tools/operators/embed.h"
#include "tools/operators/reduce.h"
#include "tools/providers/embedding.h"

namespace weir::mcp {
namespace {

using OneCall = EstimateQuestion::OneCall;

tl::unexpected<Error> wrong(std::string what) { return fail(Fault::bad_input, std::move(what)); }

std::vector<std::string> names(const Catalog& catalog) {
  std::vector<std::string> names;
  for (const auto& [name, tool] : catalog.tools())
    if (tool.model()) names.push_back(name);
  return names;
}

OneCall call_of(const Prompt& prompt) {
  return {estimate(prompt), static_cast<std::int64_t>(prompt.system.size() + prompt.user.size())};
}

std::string text_of_row(const Tool& tool, const Values& row) {
  const auto found = row.find(tool.settings().list);
  return found == row.end() ? std::string() : rendered_text(found->second);
}

// Each row's own prompt.
Result<EstimateQuestion> of_rows(const Tool& tool, const Work& order, EstimateQuestion question) {
  for (const auto& row : order.rows) {
    if (!row) continue;  // would not be asked
    const auto prompt = tool.fill(*row);
    if (!prompt) return tl::unexpected(prompt.error());
    question.reasoning_each = prompt->profile.reasoning_tokens;
    question.calls.push_back(call_of(*prompt));
  }
  return question;
}

// One reading of everything: how many calls it is cut into is known when it is made.
EstimateQuestion of_reduction(const Tool& tool, const Work& order, EstimateQuestion question) {
  Prompt whole = order.base;
  for (const auto& row : order.rows)
    if (row) whole.user += text_of_row(tool, *row);
  question.reasoning_each = whole.profile.reasoning_tokens;
  question.calls.push_back(call_of(whole));
  question.at_least = true;
  return question;
}

EstimateQuestion of_embedding(const Tool& tool, const Work& order, EstimateQuestion question) {
  for (const auto& batch : embed_batches(tool, order)) {
    auto texts = std::make_shared<EmbedPrompt>();
    OneCall call;
    for (const std::size_t row : batch) {
      texts->texts.push_back(text_of_row(tool, *order.rows[row]));
      call.bytes += static_cast<std::int64_t>(texts->texts.back().size());
    }
    Prompt prompt;
    prompt.embed = std::move(texts);
    call.estimate = estimate(prompt);
    question.calls.push_back(call);
  }
  return question;
}

Json dollars(const std::optional<double>& picodollars) { return picodollars ? Json(*picodollars / 1e12) : Json(); }

}  // namespace

ToolDefinition estimate_tool(const Catalog& catalog) {
  ToolDefinition definition;
  definition.name = kEstimateTool;
  definition.title = "What a call would take";
  definition.description =
      "What a call of a tool would take in tokens, cost, and wait for, without making it. Free, and never queued: ask "
      "it "
      "before an expensive call or a long list.";
  definition.input_schema = {
      {"type", "object"},
      {"properties",
       {{"tool", {{"type", "string"}, {"enum", names(catalog)}, {"description", "The tool that would be called."}}},
        {"arguments", {{"type", "object"}, {"description", "Its arguments, as they would be given to it."}}},
        {"profile",
         {{"type", "string"}, {"description", "Of a tool with profiles: at which; instead of the argument."}}}}},
      {"required", {"tool", "arguments"}},
      {"additionalProperties", false}};
  definition.output_schema = Json{{"type", "object"},
                                  {"properties",
                                   {{"tool", {{"type", "string"}}},
                                    {"model", {{"type", "string"}}},
                                    {"calls", {{"type", "integer"}}},
                                    {"at_least", {{"type", "boolean"}}},
                                    {"input_tokens", {{"type", "integer"}}},
                                    {"reserved", {{"type", "object"}}},
                                    {"cost_usd", {{"type", "object"}}},
                                    {"forecast", {{"type", "object"}}}}},
                                  {"required", {"tool", "model", "calls", "input_tokens", "reserved", "cost_usd"}}};
  definition.annotations = {{"readOnlyHint", true}, {"openWorldHint", false}, {"idempotentHint", true}};
  return definition;
}

Result<EstimateQuestion> estimate_question(const Catalog& catalog, const Json& arguments) {
  if (!arguments.is_object()) return wrong("arguments: expected an object with tool and arguments");
  for (const auto& [key, unused] : arguments.items())
    if (key != "tool" && key != "arguments" && key != "profile")
      return wrong(fmt::format("arguments.{}: unknown; known are tool, arguments, profile", key.substr(0, 60)));
  const auto name = arguments.find("tool");
  if (name == arguments.end() || !name->is_string()) return wrong("arguments.tool: is required, a tool's name");
  const Tool* tool = catalog.find(name->get_ref<const std::string&>());
  const auto near = nearest(name->get_ref<const std::string&>(), names(catalog));
  if (tool == nullptr)
    return wrong("arguments.tool: there is no such tool" +
                 (near.empty() ? "" : fmt::format("; did you mean \"{}\"?", near)));
  if (!tool->model())
    return wrong("arguments.tool: this tool asks no model; it costs no tokens, and waits for no limit");
  const auto given = arguments.find("arguments");
  if (given == arguments.end() || !given->is_object())
    return wrong("arguments.arguments: is required, an object: what the tool would be given");
  Json passed = *given;
  if (const auto profile = arguments.find("profile"); profile != arguments.end() && !profile->is_null()) {
    if (tool->settings().profiles.size() < 2)
      return wrong("arguments.profile: this tool has no profiles to choose from");
    passed[kProfileInput] = *profile;
  }
  const auto order = tool->prepare(passed);
  if (!order) return tl::unexpected(order.error());
  EstimateQuestion question{.tool = tool, .calls = {}};
  if (tool->settings().kind == "reduce") return of_reduction(*tool, *order, std::move(question));
  if (tool->settings().kind == "embed") return of_embedding(*tool, *order, std::move(question));
  return of_rows(*tool, *order, std::move(question));
}

ToolReply estimate_answer(Gate& gate, const Tally& tally, const Caller& client, const EstimateQuestion& question) {
  const Tool& tool = *question.tool;
  const Model& model = *tool.model();
  Estimate sum;
  OneCall largest;
  std::optional<double> at_most = 0.0;
  for (const OneCall& call : question.calls) {
    const Estimate& one = call.estimate;
    sum.input_tokens += one.input_tokens;
    sum.output_tokens += one.output_tokens;
    const auto price = cost(model.settings.facts, {.input = one.input_tokens, .output = one.output_tokens});
    at_most = at_most && price ? std::optional(*at_most + static_cast<double>(*price)) : std::nullopt;
    const auto size = [](const OneCall& it) { return it.estimate.input_tokens + it.estimate.output_tokens; };
    if (size(call) > size(largest)) largest = call;
  }
  const GroupTally so_far = tally.of(model.group);
  std::optional<double> about;
  if (at_most && !question.at_least && so_far.settled > 0 && so_far.reserved_tokens > 0)
    about =
        *at_most * std::min(1.0, static_cast<double>(so_far.used_tokens) / static_cast<double>(so_far.reserved_tokens));

  Ask ask;
  ask.client = client.id;
  ask.tool = tool_id(gate, tool);
  ask.priority = lower(client.priority, tool.settings().priority);
  ask.estimate = largest.estimate;
  ask.bytes = largest.bytes;
  ForecastTold forecast = told(soonest(gate, model, ask), fmt::format("\"{}\"", tool.settings().name));

  const auto calls = static_cast<std::int64_t>(question.calls.size());
  std::string words = fmt::format(
      "{}{} call{} of model \"{}\": about {} tokens of input; {} of output reserved, {} of them "
      "for reasoning; ",
      question.at_least ? "at least " : "", calls, calls == 1 ? "" : "s", model.settings.alias, sum.input_tokens,
      sum.output_tokens, calls * question.reasoning_each);
  if (question.at_least) words += "reading all once costs ";
  words += at_most ? fmt::format("at most ${:.2g}", *at_most / 1e12) : "at an unknown price";
  if (about) words += fmt::format(", about ${:.2g} by what calls used so far", *about / 1e12);
  words += ". " + forecast.words;

  ToolResult result;
  result.content.push_back({{"type", "text"}, {"text", words}});
  Json page = {
      {"tool", tool.settings().name},
      {"model", model.settings.alias},
      {"calls", calls},
      {"input_tokens", sum.input_tokens},
      {"reserved",
       {{"input", sum.input_tokens}, {"output", sum.output_tokens}, {"reasoning", calls * question.reasoning_each}}},
      {"cost_usd",
       {{question.at_least ? "one_reading_at_most" : "at_most", dollars(at_most)}, {"about", dollars(about)}}},
      {"forecast", std::move(forecast.json)}};
  if (question.at_least) page["at_least"] = true;
  result.structured = std::move(page);
  return result;
}

}  // namespace weir::mcp
