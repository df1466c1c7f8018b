#include <fmt/format.h>

#include "config/limit_words.h"
#include "config/page.h"
#include "config/rules.h"
#include "config/sections.h"

namespace weir {
namespace {

std::string toml_value(const InputValue& value) {
  const auto* text = std::get_if<std::string>(&value);
  return text != nullptr ? toml_string(*text) : shown(value);
}

void print_input(Page& page, const InputSettings& input) {
  std::string written;
  const auto add = [&](std::string_view key, const std::string& value) {
    written += fmt::format("{}{} = {}", written.empty() ? "" : ", ", key, value);
  };
  add("type", toml_string(name_of(input.type)));
  if (!input.description.empty()) add("description", toml_string(input.description));
  if (input.default_value) {
    add("default", toml_value(*input.default_value));
  } else {
    add("required", input.required ? "true" : "false");
  }
  if (input.min_length) add("min_length", number(*input.min_length));
  if (input.max_length) add("max_length", number(*input.max_length));
  const bool whole = input.type == InputType::integer;
  const auto bound = [&](double value) {
    return whole ? number(static_cast<std::int64_t>(value)) : fmt::format("{}", value);
  };
  if (input.minimum) add("minimum", bound(*input.minimum));
  if (input.maximum) add("maximum", bound(*input.maximum));
  if (!input.one_of.empty()) {
    std::string values;
    for (const InputValue& one : input.one_of) values += (values.empty() ? "" : ", ") + toml_value(one);
    add("enum", '[' + values + ']');
  }
  if (!input.pattern.empty()) add("pattern", toml_string(input.pattern));
  if (input.fenced) add("fenced", "true");
  page.value("input." + toml_key(input.name), "{ " + written + " }");
}

void print_labels(Page& page, const ToolSettings& tool) {
  std::string written;
  for (const LabelSettings& label : tool.of_kind.labels)
    written +=
        fmt::format("{}{} = {}", written.empty() ? "" : ", ", toml_string(label.name), toml_string(label.description));
  if (!written.empty()) page.value("labels", "{ " + written + " }");
}

void print_examples(Page& page, const ToolSettings& tool) {
  std::string written;
  for (const ExampleSettings& example : tool.examples)
    written += fmt::format("{}{{ arguments = {}, output = {} }}", written.empty() ? "" : ", ",
                           toml_string(example.input), toml_string(example.output));
  if (!written.empty()) page.value("examples", '[' + written + ']');
}

// What of KindSettings the tool's kind reads.
void print_kind(Page& page, const ToolSettings& tool) {
  const KindSettings &of = tool.of_kind, standard;
  if (!of.question.empty()) page.value("question", toml_prose(of.question));
  if (!of.instructions.empty()) page.value("instructions", toml_prose(of.instructions));
  print_labels(page, tool);
  if (tool.kind == "classify") page.value("multiple", of.multiple, standard.multiple, yes_or_no);
  if (tool.kind == "summarise") {
    page.value("format", of.format, standard.format, [](SummaryFormat it) {
      return toml_string(it == SummaryFormat::paragraph ? "paragraph" : "key_points");
    });
    page.value("max_words", of.max_words, standard.max_words, number);
    page.value("max_points", of.max_points, standard.max_points, number);
  }
  if (tool.kind == "reduce")
    page.value("oversize", of.oversize, standard.oversize,
               [](Oversize it) { return toml_string(it == Oversize::split ? "split" : "refuse"); });
  if (tool.kind == "embed") {
    if (of.dimensions) page.value("dimensions", number(*of.dimensions));
    page.value("purpose", of.purpose, standard.purpose, toml_string);
  }
  print_examples(page, tool);
  if (!tool.list.empty()) {
    if (tool.kind != "reduce") page.value("list", toml_string(tool.list));
    page.value("list_max", number(tool.list_max));
  }
  if (tool.cache)
    page.value("cache", fmt::format("{{ ttl = {}, namespace = {} }}", toml_duration(tool.cache->ttl),
                                    toml_string(tool.cache->name_space)));
}

}  // namespace

void print_tool(Page& page, const ToolSettings& tool, const std::string& default_model) {
  const ToolSettings standard;
  const bool asks_a_model = tool.kind != "http", answers = asks_a_model && tool.kind != "embed";
  page.table("tools." + toml_key(tool.name));
  if (!tool.title.empty()) page.value("title", toml_string(tool.title));
  page.value("description", toml_prose(tool.description));
  page.value("kind", tool.kind, standard.kind, toml_string);
  if (asks_a_model)
    page.value("model", toml_string(tool.model), tool.model == default_model ? "the default model" : "");
  if (!tool.system.empty()) page.value("system", toml_prose(tool.system));
  if (!tool.prompt.empty()) page.value("prompt", toml_prose(tool.prompt));
  print_kind(page, tool);
  if (tool.kind == "http") print_http_tool(page, tool.http);
  if (answers) page.value("max_output_tokens", tool.max_output_tokens, standard.max_output_tokens, number);
  if (tool.temperature) page.value("temperature", fmt::format("{}", *tool.temperature));
  if (!tool.profiles.empty()) page.value("profiles", toml_strings(tool.profiles));
  if (!tool.output_schema.empty()) page.value("output_schema", toml_prose(tool.output_schema));
  if (!tool.input_schema.empty()) page.value("input_schema", toml_prose(tool.input_schema));
  if (tool.kind == "map") page.value("as_prompt", tool.as_prompt, standard.as_prompt, yes_or_no);
  page.value("scopes", tool.scopes, standard.scopes, toml_strings);
  if (tool.max_concurrency) {
    page.value("max_concurrency", number(*tool.max_concurrency));
  } else if (asks_a_model) {
    page.remark("max_concurrency: server.concurrency_limit");
  }
  page.value("priority", tool.priority, standard.priority, [](Priority it) { return toml_string(word_of(it)); });
  page.value("ledger_text", tool.ledger_text, standard.ledger_text, yes_or_no);
  print_budget(page, tool.budget);
  for (const InputSettings& input : tool.inputs) print_input(page, input);
}

}  // namespace weir
