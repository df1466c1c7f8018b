#include <algorithm>
#include <nlohmann/json.hpp>

#include "simulator/anthropic.h"
#include "simulator/rules.h"
#include "simulator/schema.h"
#include "simulator/text.h"
#include "simulator/wire.h"

namespace simulator {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::int64_t kBudgetMin = 1024;

[[noreturn]] void refuse(std::string message) { throw AnthropicError{.message = std::move(message)}; }

// The effort that was asked for, or the model's own.
std::string read_effort(const Json& config, const AnthropicModel& model, const std::string& name) {
  const Json& effort = get(config, "effort");
  if (effort.is_null()) return std::string(model.default_effort);
  if (!effort.is_string() || !lists("low medium high xhigh max", effort.get_ref<const std::string&>())) {
    refuse("output_config.effort: Input should be 'low', 'medium', 'high', 'xhigh' or 'max'");
  }
  if (model.efforts.empty()) refuse("This model does not support the effort parameter.");
  if (!lists(model.efforts, effort.get_ref<const std::string&>())) {
    refuse("output_config.effort: " + name + " does not support effort level " + dump(effort) +
           ". Supported levels: " + quoted_list(model.efforts) + ".");
  }
  return effort.get<std::string>();
}

void read_format(const Json& format, const std::string& where, Question& question) {
  if (format.is_null()) return;
  if (!format.is_object() || get(format, "type") != "json_schema") {
    refuse(where + ".type: Input should be 'json_schema'");
  }
  for (const auto& [name, value] : format.items()) {
    if (name != "type" && name != "schema")
      refuse(where + "." + name.substr(0, 100) + ": Extra inputs are not permitted");
  }
  const Json& schema = get(format, "schema");
  if (!schema.is_object())
    refuse(where + ".schema: " + (schema.is_null() ? "Field required" : "Input should be a valid dictionary"));
  if (const auto wrong = objection(schema, Subset::anthropic)) refuse(where + ".schema: " + *wrong);
  question.schema = dump(schema);
  question.json = true;
  question.prompt_tokens += tokens_of(question.schema);
}

bool mild(const std::string& effort) { return effort == "low" || effort == "medium" || effort == "high"; }

void read_budget(const Json& thinking, const AnthropicModel& model, Question& question) {
  if (model.thinking != Thinking::budget && model.thinking != Thinking::budget_or_adaptive &&
      model.thinking != Thinking::free) {
    refuse(
        "\"thinking.type.enabled\" is not supported for this model. Use \"thinking.type.adaptive\" and "
        "\"output_config.effort\" to control thinking behavior.");
  }
  const Json& budget = get(thinking, "budget_tokens");
  if (budget.is_null()) refuse("thinking.enabled.budget_tokens: Field required");
  if (!budget.is_number_integer()) refuse("thinking.enabled.budget_tokens: Input should be a valid integer");
  const auto tokens = budget.get<std::int64_t>();
  if (tokens < kBudgetMin) {
    refuse("thinking.enabled.budget_tokens: Input should be greater than or equal to 1024");
  }
  if (question.max_tokens && tokens >= *question.max_tokens) {
    refuse(
        "`max_tokens` must be greater than `thinking.budget_tokens`. Please consult our documentation at "
        "https://docs.claude.com/en/docs/build-with-claude/extended-thinking#max-tokens-and-context-window-size");
  }
  question.reasoning = Range{tokens / 2, tokens};
}

// Returns whether the model thinks because it was asked to.
bool read_thinking(const Json& body, const AnthropicModel& model, Question& question) {
  const Json& thinking = get(body, "thinking");
  if (thinking.is_null()) {
    if (model.thinks_by_itself) question.reasoning = thinking_at(question.effort);
    return false;
  }
  const Json& type = get(thinking, "type");
  if (!type.is_string() || !lists("enabled disabled adaptive between_tools", type.get_ref<const std::string&>())) {
    refuse("thinking: Input tag " + dump(type) +
           " found using 'type' does not match any of the expected tags: "
           "'adaptive', 'disabled', 'enabled', 'between_tools'");
  }
  for (const auto& [name, value] : thinking.items()) {
    const bool known = name == "type" || (name == "budget_tokens" && type == "enabled") ||
                       (name == "display" && (type == "enabled" || type == "adaptive"));
    if (!known)
      refuse("thinking." + type.get<std::string>() + "." + name.substr(0, 100) + ": Extra inputs are not permitted");
  }
  const Json& display = get(thinking, "display");
  if (!display.is_null() && display != "summarized" && display != "omitted") {
    refuse("thinking.display: Input should be 'summarized' or 'omitted'");
  }
  question.thoughts_shown = display == "summarized" || (display.is_null() && !model.hides_thoughts);
  if (type == "enabled") {
    read_budget(thinking, model, question);
  } else if (type == "adaptive") {
    if (model.thinking == Thinking::budget) refuse("adaptive thinking is not supported on this model");
    question.reasoning = thinking_at(question.effort);
  } else if (type == "between_tools") {
    if (!model.between_tools || !mild(question.effort)) {
      refuse("\"thinking.type.between_tools\" is not supported for this model and effort.");
    }
  } else {
    if (model.thinking == Thinking::always) refuse("\"thinking.type.disabled\" is not supported for this model.");
    if (model.thinking == Thinking::mild_off && !mild(question.effort)) {
      refuse("\"thinking.type.disabled\" is only supported with an effort of 'low', 'medium' or 'high'.");
    }
  }
  return question.reasoning.has_value();
}

void check_sampling(const Json& body, const AnthropicModel& model, AnthropicVersion version, bool thinks) {
  for (const char* name : {"temperature", "top_p", "top_k"}) {
    const Json& value = get(body, name);
    if (value.is_null()) continue;
    const std::string field = name;
    if (version == AnthropicVersion::of_2026) refuse(field + ": Extra inputs are not permitted");
    if (!value.is_number()) refuse(field + ": Input should be a valid number");
    const auto number = value.get<double>();
    if (number < 0 || (field != "top_k" && number > 1)) {
      refuse(field + (number < 0 ? ": Input should be greater than or equal to 0"
                                 : ": Input should be less than or equal to 1"));
    }
    if (!model.sampling) {
      const bool harmless = (field == "temperature" && number == 1) || (field == "top_p" && number >= 0.99);
      if (!harmless) refuse("`" + field + "` is deprecated for this model.");
    }
    if (!thinks) continue;
    if (field == "temperature" && number != 1) {
      refuse(
          "`temperature` may only be set to 1 when thinking is enabled. Please consult our documentation at "
          "https://docs.claude.com/en/docs/build-with-claude/extended-thinking");
    }
    if (field == "top_k" || (field == "top_p" && number < 0.95)) {
      refuse("`" + field + "` must be " + (field == "top_k" ? "unset" : "greater than or equal to 0.95 or unset") +
             " when thinking is enabled.");
    }
  }
  if (model.sampling && !get(body, "temperature").is_null() && !get(body, "top_p").is_null()) {
    if (model.thinking != Thinking::free) {
      refuse("`temperature` and `top_p` cannot both be specified for this model. Please use only one.");
    }
  }
}

void read_tool_choice(const Json& body, const AnthropicModel& model, bool thinks, Question& question) {
  const Json& choice = get(body, "tool_choice");
  if (choice.is_null()) return;
  const Json& type = get(choice, "type");
  if (!type.is_string() || !lists("auto any tool none", type.get_ref<const std::string&>())) {
    refuse("tool_choice.type: Input should be 'auto', 'any', 'tool' or 'none'");
  }
  const Json& tools = get(body, "tools");
  if (!tools.is_array() || tools.empty()) refuse("tool_choice: may only be specified while providing tools");
  if (type != "any" && type != "tool") return;
  if (!model.forced_tool) refuse("tool_choice: type " + dump(type) + " is not supported for this model.");
  if (thinks) refuse("Thinking may not be enabled when tool_choice forces tool use.");
  for (const Json& tool : tools) {
    if (type == "tool" && get(tool, "name") != get(choice, "name")) continue;
    question.tool = get(tool, "name").get<std::string>();
    question.schema = dump(get(tool, "input_schema"));
    question.json = true;
    question.reasoning.reset();
    return;
  }
  refuse("tool_choice.name: Tool " + dump(get(choice, "name")) + " not found in provided tools");
}

}  // namespace

void apply_anthropic_rules(const Json& body, AnthropicVersion version, Question& question) {
  const AnthropicModel& model = anthropic_model(question.model);
  const Json& config = get(body, "output_config");
  if (!config.is_null() && !config.is_object()) refuse("output_config: Input should be a valid dictionary");
  for (const auto& [name, value] : config.items()) {
    if (name != "effort" && name != "format") {
      refuse("output_config." + name.substr(0, 100) + ": Extra inputs are not permitted");
    }
  }
  question.effort = read_effort(config, model, question.model);
  if (!get(config, "format").is_null() && !get(body, "output_format").is_null()) {
    refuse("output_format: cannot be given together with output_config.format");
  }
  read_format(get(config, "format"), "output_config.format", question);
  read_format(get(body, "output_format"), "output_format", question);
  const bool thinks = read_thinking(body, model, question);
  check_sampling(body, model, version, thinks);
  read_tool_choice(body, model, thinks, question);
}

}  // namespace simulator
