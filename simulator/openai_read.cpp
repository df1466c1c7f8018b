#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "simulator/openai.h"
#include "simulator/text.h"

namespace simulator {
namespace {

using Json = nlohmann::json;

constexpr std::int64_t kTokensPerMessage = 4;
constexpr std::int64_t kContextTokens = 1'050'000;
constexpr std::int64_t kOutputCapMax = 1'000'000;
constexpr int kNestingMax = 100;

enum class Kind { integer, decimal, boolean, text, object, anything, not_simulated };

struct Parameter {
  std::string_view name;
  Kind kind;
  double low = 0;
  double high = 0;
};

constexpr std::array kParameters = {
    Parameter{"model", Kind::text},
    Parameter{"messages", Kind::anything},
    Parameter{"max_tokens", Kind::integer, 1, kOutputCapMax},
    Parameter{"max_completion_tokens", Kind::integer, 1, kOutputCapMax},
    Parameter{"temperature", Kind::decimal, 0, 2},
    Parameter{"top_p", Kind::decimal, 0, 1},
    Parameter{"n", Kind::integer, 1, 128},
    Parameter{"stream", Kind::boolean},
    Parameter{"stream_options", Kind::object},
    Parameter{"stop", Kind::anything},
    Parameter{"presence_penalty", Kind::decimal, -2, 2},
    Parameter{"frequency_penalty", Kind::decimal, -2, 2},
    Parameter{"seed", Kind::integer, -9.2e18, 9.2e18},
    Parameter{"user", Kind::text},
    Parameter{"reasoning_effort", Kind::text},
    Parameter{"verbosity", Kind::text},
    Parameter{"service_tier", Kind::text},
    Parameter{"store", Kind::boolean},
    Parameter{"metadata", Kind::object},
    Parameter{"prompt_cache_key", Kind::text},
    Parameter{"prompt_cache_options", Kind::object},
    Parameter{"prompt_cache_retention", Kind::text},
    Parameter{"safety_identifier", Kind::text},
    Parameter{"response_format", Kind::object},
    Parameter{"logit_bias", Kind::object},
    Parameter{"logprobs", Kind::boolean},
    Parameter{"top_logprobs", Kind::not_simulated},
    Parameter{"tools", Kind::not_simulated},
    Parameter{"tool_choice", Kind::not_simulated},
    Parameter{"parallel_tool_calls", Kind::not_simulated},
    Parameter{"functions", Kind::not_simulated},
    Parameter{"function_call", Kind::not_simulated},
    Parameter{"modalities", Kind::not_simulated},
    Parameter{"audio", Kind::not_simulated},
    Parameter{"prediction", Kind::not_simulated},
    Parameter{"web_search_options", Kind::not_simulated},
};

[[noreturn]] void refuse(std::string message, std::optional<std::string> param = {},
                         std::optional<std::string> code = {}) {
  throw OpenAiError{.message = std::move(message), .param = std::move(param), .code = std::move(code)};
}

std::string in_quotes(std::string_view name) { return "'" + std::string(name) + "'"; }

std::string kind_of(const Json& value) {
  switch (value.type()) {
    case Json::value_t::null:
      return "null";
    case Json::value_t::object:
      return "an object";
    case Json::value_t::array:
      return "an array";
    case Json::value_t::string:
      return "a string";
    case Json::value_t::boolean:
      return "a boolean";
    case Json::value_t::number_float:
      return "a decimal";
    default:
      return "an integer";
  }
}

[[noreturn]] void wrong_type(std::string_view name, std::string_view expected, const Json& got) {
  refuse("Invalid type for " + in_quotes(name) + ": expected " + std::string(expected) + ", but got " + kind_of(got) +
             " instead.",
         std::string(name), "invalid_type");
}

[[noreturn]] void not_simulated(std::string_view what, std::string_view param) {
  refuse("weir-simulator does not simulate " + std::string(what) + ".", std::string(param), "not_simulated");
}

void check_range(const Parameter& parameter, const Json& value) {
  const auto number = value.get<double>();
  const bool low = number < parameter.low;
  if (!low && number <= parameter.high) return;
  const std::string kind = parameter.kind == Kind::integer ? "integer" : "decimal";
  refuse("Invalid " + in_quotes(parameter.name) + ": " + kind + (low ? " below minimum" : " above maximum") +
             " value. Expected a value " + (low ? ">= " : "<= ") +
             Json(std::llround(low ? parameter.low : parameter.high)).dump() + ", but got " + value.dump() +
             " instead.",
         std::string(parameter.name), kind + (low ? "_below_min_value" : "_above_max_value"));
}

void check_parameter(const Parameter& parameter, const Json& value) {
  if (value.is_null()) return;  // as if it were not there
  switch (parameter.kind) {
    case Kind::integer:
      if (!value.is_number_integer()) wrong_type(parameter.name, "an integer", value);
      return check_range(parameter, value);
    case Kind::decimal:
      if (!value.is_number()) wrong_type(parameter.name, "a decimal", value);
      return check_range(parameter, value);
    case Kind::boolean:
      if (!value.is_boolean()) wrong_type(parameter.name, "a boolean", value);
      return;
    case Kind::text:
      if (!value.is_string()) wrong_type(parameter.name, "a string", value);
      return;
    case Kind::object:
      if (!value.is_object()) wrong_type(parameter.name, "an object", value);
      return;
    case Kind::anything:
      return;
    case Kind::not_simulated:
      not_simulated(in_quotes(parameter.name), parameter.name);
  }
}

void check_parameters(const Json& body) {
  std::vector<std::string> unknown;
  for (const auto& [name, value] : body.items()) {
    const auto* known = std::find_if(kParameters.begin(), kParameters.end(),
                                     [&name = name](const Parameter& parameter) { return parameter.name == name; });
    if (known == kParameters.end()) {
      if (unknown.size() < 10) unknown.push_back(name.substr(0, 100));
    } else {
      check_parameter(*known, value);
    }
  }
  if (unknown.empty()) return;
  std::string names;
  for (const std::string& name : unknown) names += (names.empty() ? "" : ", ") + name;
  refuse("Unrecognized request argument" + std::string(unknown.size() > 1 ? "s" : "") + " supplied: " + names);
}

// The value of a parameter, or null when it is missing or null.
const Json& get(const Json& body, const char* name) {
  static const Json kNull;
  const auto found = body.find(name);
  return found == body.end() ? kNull : *found;
}

bool reasons(std::string_view model) {
  constexpr std::array<std::string_view, 5> kFamilies = {"o1", "o3", "o4", "gpt-5", "gpt-6"};
  return std::any_of(kFamilies.begin(), kFamilies.end(),
                     [&](std::string_view family) { return model.starts_with(family); });
}

void check_reasoning_rules(const Json& body) {
  if (!get(body, "max_tokens").is_null()) {
    refuse("Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
           "max_tokens", "unsupported_parameter");
  }
  for (const char* name : {"temperature", "top_p"}) {
    const Json& value = get(body, name);
    if (value.is_null() || value == 1) continue;
    refuse("Unsupported value: " + in_quotes(name) + " does not support " + value.dump() +
               " with this model. Only the default (1) value is supported.",
           name, "unsupported_value");
  }
  for (const char* name : {"frequency_penalty", "presence_penalty", "logit_bias", "logprobs"}) {
    if (get(body, name).is_null()) continue;
    refuse("Unsupported parameter: " + in_quotes(name) + " is not supported with this model.", name,
           "unsupported_parameter");
  }
}

Range thinking(const Json& effort) {
  struct Effort {
    std::string_view name;
    Range tokens;
  };
  constexpr std::array kEfforts = {Effort{"none", {0, 0}},      Effort{"minimal", {0, 32}},
                                   Effort{"low", {32, 128}},    Effort{"medium", {96, 384}},
                                   Effort{"high", {384, 1536}}, Effort{"xhigh", {1024, 4096}},
                                   Effort{"max", {2048, 8192}}};
  const std::string name = effort.is_null() ? "medium" : effort.get<std::string>();
  for (const Effort& known : kEfforts) {
    if (known.name == name) return known.tokens;
  }
  refuse("Invalid value: " + in_quotes(name.substr(0, 100)) +
             ". Supported values are: 'none', 'minimal', 'low', 'medium', 'high', 'xhigh', and 'max'.",
         "reasoning_effort", "invalid_value");
}

std::string text_of_part(const Json& part, const std::string& where) {
  if (!part.is_object()) wrong_type(where, "an object", part);
  const Json& type = get(part, "type");
  if (type.is_null())
    refuse("Missing required parameter: " + in_quotes(where + ".type") + ".", where + ".type",
           "missing_required_parameter");
  if (!type.is_string()) wrong_type(where + ".type", "a string", type);
  const auto& name = type.get_ref<const std::string&>();
  if (name == "image_url" || name == "input_audio" || name == "file")
    not_simulated("content parts of type " + in_quotes(name), where);
  if (name != "text" && name != "refusal") {
    refuse("Invalid value: " + in_quotes(name.substr(0, 100)) +
               ". Supported values are: 'text', 'image_url', 'input_audio', 'refusal', and 'file'.",
           where + ".type", "invalid_value");
  }
  const Json& text = get(part, name.c_str());
  if (text.is_null()) {
    refuse("Missing required parameter: " + in_quotes(where + "." + name) + ".", where + "." + name,
           "missing_required_parameter");
  }
  if (!text.is_string()) wrong_type(where + "." + name, "a string", text);
  return text.get<std::string>();
}

std::string text_of_content(const Json& message, const std::string& role, const std::string& where) {
  const Json& content = get(message, "content");
  if (content.is_string()) return content.get<std::string>();
  if (content.is_null() && role == "assistant" && (message.contains("tool_calls") || message.contains("refusal")))
    return "";
  if (content.is_null()) refuse("Invalid value for 'content': expected a string, got null.", where);
  if (!content.is_array()) wrong_type(where, "one of a string or array of objects", content);
  if (content.empty()) {
    refuse("Invalid " + in_quotes(where) +
               ": empty array. Expected an array with minimum length 1, but got an empty array instead.",
           where, "empty_array");
  }
  std::string text;
  for (std::size_t i = 0; i < content.size(); ++i)
    text += text_of_part(content[i], where + "[" + std::to_string(i) + "]");
  return text;
}

void read_message(const Json& message, std::size_t index, Question& question) {
  const std::string where = "messages[" + std::to_string(index) + "]";
  if (!message.is_object()) wrong_type(where, "an object", message);
  const Json& role = get(message, "role");
  if (role.is_null())
    refuse("Missing required parameter: " + in_quotes(where + ".role") + ".", where + ".role",
           "missing_required_parameter");
  if (!role.is_string()) wrong_type(where + ".role", "a string", role);
  const auto& name = role.get_ref<const std::string&>();
  constexpr std::array<std::string_view, 6> kRoles = {"system", "assistant", "user", "function", "tool", "developer"};
  if (std::find(kRoles.begin(), kRoles.end(), name) == kRoles.end()) {
    refuse("Invalid value: " + in_quotes(name.substr(0, 100)) +
               ". Supported values are: 'system', 'assistant', 'user', 'function', 'tool', and 'developer'.",
           where + ".role", "invalid_value");
  }
  constexpr std::array<std::string_view, 8> kKeys = {"role",    "content",      "name",  "tool_calls",
                                                     "refusal", "tool_call_id", "audio", "function_call"};
  for (const auto& [key, value] : message.items()) {
    if (std::find(kKeys.begin(), kKeys.end(), key) != kKeys.end()) continue;
    const std::string path = where + "." + key.substr(0, 100);
    refuse("Unknown parameter: " + in_quotes(path) + ".", path, "unknown_parameter");
  }
  std::string text = text_of_content(message, name, where + ".content");
  question.prompt += name + "\n" + text + "\n";
  question.charge += characters(text);
  question.prompt_tokens += kTokensPerMessage;
  if (name == "system" || name == "developer") question.system += text + "\n";
  if (name == "user") question.user = std::move(text);
}

void read_messages(const Json& messages, Question& question) {
  if (messages.is_null()) refuse("Missing required parameter: 'messages'.", "messages", "missing_required_parameter");
  if (!messages.is_array()) wrong_type("messages", "an array of objects", messages);
  if (messages.empty()) {
    refuse("Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.",
           "messages", "empty_array");
  }
  for (std::size_t i = 0; i < messages.size(); ++i) read_message(messages[i], i, question);
  // `charge` has counted the characters so far.
  question.charge = (question.charge + kCharactersPerToken - 1) / kCharactersPerToken;
  question.prompt_tokens += question.charge;
  if (question.prompt_tokens > kContextTokens) {
    refuse("This model's maximum context length is " + std::to_string(kContextTokens) +
               " tokens. However, your messages resulted in " + std::to_string(question.prompt_tokens) +
               " tokens. Please reduce the length of the messages.",
           "messages", "context_length_exceeded");
  }
}

void read_stop(const Json& stop, Question& question) {
  if (stop.is_null()) return;
  const Json list = stop.is_array() ? stop : Json::array({stop});
  if (list.size() > 4) {
    refuse("Invalid 'stop': array too long. Expected an array with maximum length 4, but got an array with length " +
               std::to_string(list.size()) + " instead.",
           "stop", "array_above_max_length");
  }
  for (const Json& sequence : list) {
    if (!sequence.is_string()) wrong_type("stop", "one of a string or array of strings", stop);
    if (sequence != "") question.stop.push_back(sequence.get<std::string>());
  }
}

void read_stream(const Json& body, Question& question) {
  const Json& stream = get(body, "stream");
  question.stream = stream.is_boolean() && stream.get<bool>();
  const Json& options = get(body, "stream_options");
  if (options.is_null()) return;
  if (!question.stream)
    refuse("The 'stream_options' parameter is only allowed when 'stream' is enabled.", "stream_options");
  for (const auto& [key, value] : options.items()) {
    const std::string path = "stream_options." + key.substr(0, 100);
    if (key != "include_usage" && key != "include_obfuscation")
      refuse("Unknown parameter: " + in_quotes(path) + ".", path, "unknown_parameter");
    if (!value.is_boolean()) wrong_type(path, "a boolean", value);
  }
  question.usage_in_stream = options.value("include_usage", false);
}

void read_cap(const Json& body, Question& question) {
  const Json& old_name = get(body, "max_tokens");
  const Json& new_name = get(body, "max_completion_tokens");
  if (!old_name.is_null() && !new_name.is_null()) {
    refuse("Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.", "max_tokens",
           "invalid_parameter_combination");
  }
  const Json& cap = old_name.is_null() ? new_name : old_name;
  if (!cap.is_null()) question.max_tokens = cap.get<std::int64_t>();
}

// Nesting deep enough to exhaust memory or a stack is found before the parser sees it.
bool too_deep(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > kNestingMax) return true;
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return false;
}

}  // namespace

Question read_openai_question(std::string_view text) {
  const Json body = too_deep(text) ? Json(Json::value_t::discarded) : Json::parse(text, nullptr, false);
  if (!body.is_object()) {
    refuse(
        "We could not parse the JSON body of your request. (HINT: This likely means you aren't using your HTTP library "
        "correctly. The "
        "OpenAI API expects a JSON payload, but what was sent was not valid JSON.)");
  }
  Question question;
  const Json& model = get(body, "model");
  if (model.is_null() || model == "") refuse("you must provide a model parameter");
  check_parameters(body);
  question.model = model.get<std::string>();
  read_messages(get(body, "messages"), question);
  if (reasons(question.model)) {
    check_reasoning_rules(body);
    question.reasoning = thinking(get(body, "reasoning_effort"));
  } else if (!get(body, "reasoning_effort").is_null()) {
    refuse("Unrecognized request argument supplied: reasoning_effort");
  }
  read_cap(body, question);
  question.charge = std::max(question.charge, question.max_tokens.value_or(0));
  read_stop(get(body, "stop"), question);
  read_stream(body, question);
  if (const Json& seed = get(body, "seed"); !seed.is_null()) question.seed = seed.get<std::int64_t>();
  if (const Json& count = get(body, "n"); !count.is_null() && count != 1)
    not_simulated("more than one choice ('n')", "n");
  if (get(body, "logprobs") == true) not_simulated("'logprobs'", "logprobs");
  const Json& format = get(body, "response_format");
  if (!format.is_null() && get(format, "type") != "text")
    not_simulated("a 'response_format' other than text", "response_format");
  return question;
}

}  // namespace simulator
