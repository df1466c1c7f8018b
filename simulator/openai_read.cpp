#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "simulator/openai.h"
#include "simulator/openai_fields.h"
#include "simulator/rules.h"
#include "simulator/text.h"
#include "simulator/wire.h"

namespace simulator {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::int64_t kTokensPerMessage = 4;

constexpr std::array kFields = {
    Field{"model", FieldKind::text},
    Field{"messages", FieldKind::anything},
    Field{"max_tokens", FieldKind::integer, 1, kOutputCapMax},
    Field{"max_completion_tokens", FieldKind::integer, 1, kOutputCapMax},
    Field{"temperature", FieldKind::decimal, 0, 2},
    Field{"top_p", FieldKind::decimal, 0, 1},
    Field{"n", FieldKind::integer, 1, 128},
    Field{"stream", FieldKind::boolean},
    Field{"stream_options", FieldKind::object},
    Field{"stop", FieldKind::anything},
    Field{"presence_penalty", FieldKind::decimal, -2, 2},
    Field{"frequency_penalty", FieldKind::decimal, -2, 2},
    Field{"seed", FieldKind::integer, -9.2e18, 9.2e18},
    Field{"user", FieldKind::text},
    Field{"reasoning_effort", FieldKind::text},
    Field{"verbosity", FieldKind::text},
    Field{"service_tier", FieldKind::text},
    Field{"store", FieldKind::boolean},
    Field{"metadata", FieldKind::object},
    Field{"prompt_cache_key", FieldKind::text},
    Field{"prompt_cache_options", FieldKind::object},
    Field{"prompt_cache_retention", FieldKind::text},
    Field{"safety_identifier", FieldKind::text},
    Field{"response_format", FieldKind::object},
    Field{"logit_bias", FieldKind::object},
    Field{"logprobs", FieldKind::boolean},
    Field{"top_logprobs", FieldKind::integer, 0, 20},
    Field{"tools", FieldKind::not_simulated},
    Field{"tool_choice", FieldKind::not_simulated},
    Field{"parallel_tool_calls", FieldKind::not_simulated},
    Field{"functions", FieldKind::not_simulated},
    Field{"function_call", FieldKind::not_simulated},
    Field{"modalities", FieldKind::not_simulated},
    Field{"audio", FieldKind::not_simulated},
    Field{"prediction", FieldKind::not_simulated},
    Field{"web_search_options", FieldKind::not_simulated},
};

void check_names(const Json& body) {
  const std::vector<std::string> unknown = check_fields(body, kFields);
  if (unknown.empty()) return;
  std::string names;
  for (const std::string& name : unknown) names += (names.empty() ? "" : ", ") + name;
  refuse_openai("Unrecognized request argument" + std::string(unknown.size() > 1 ? "s" : "") + " supplied: " + names);
}

std::string text_of_part(const Json& part, const std::string& where) {
  if (!part.is_object()) wrong_type(where, "an object", part);
  const Json& type = get(part, "type");
  if (type.is_null()) missing_field(where + ".type");
  if (!type.is_string()) wrong_type(where + ".type", "a string", type);
  const auto& name = type.get_ref<const std::string&>();
  if (name == "image_url" || name == "input_audio" || name == "file") {
    not_simulated("content parts of type " + in_quotes(name), where);
  }
  if (name != "text" && name != "refusal")
    wrong_value(where + ".type", name, "text image_url input_audio refusal file");
  const Json& text = get(part, name);
  if (text.is_null()) missing_field(where + "." + name);
  if (!text.is_string()) wrong_type(where + "." + name, "a string", text);
  return text.get<std::string>();
}

std::string text_of_content(const Json& message, const std::string& role, const std::string& where) {
  const Json& content = get(message, "content");
  if (content.is_string()) return content.get<std::string>();
  if (content.is_null() && role == "assistant" && (message.contains("tool_calls") || message.contains("refusal")))
    return "";
  if (content.is_null()) refuse_openai("Invalid value for 'content': expected a string, got null.", where);
  if (!content.is_array()) wrong_type(where, "one of a string or array of objects", content);
  if (content.empty()) {
    refuse_openai("Invalid " + in_quotes(where) +
                      ": empty array. Expected an array with minimum length 1, but got an empty array instead.",
                  where, "empty_array");
  }
  std::string text;
  for (std::size_t i = 0; i < content.size(); ++i) {
    text += text_of_part(content[i], where + "[" + std::to_string(i) + "]");
  }
  return text;
}

// Returns the characters of the message.
std::int64_t read_message(const Json& message, std::size_t index, Question& question) {
  const std::string where = "messages[" + std::to_string(index) + "]";
  if (!message.is_object()) wrong_type(where, "an object", message);
  const Json& role = get(message, "role");
  if (role.is_null()) missing_field(where + ".role");
  if (!role.is_string()) wrong_type(where + ".role", "a string", role);
  const auto& name = role.get_ref<const std::string&>();
  constexpr std::string_view kRoles = "system assistant user function tool developer";
  if (!lists(kRoles, name)) wrong_value(where + ".role", name, kRoles);
  for (const auto& [key, value] : message.items()) {
    if (lists("role content name tool_calls refusal tool_call_id audio function_call", key)) continue;
    unknown_field(where + "." + key.substr(0, 100));
  }
  std::string text = text_of_content(message, name, where + ".content");
  question.prompt += name + "\n" + text + "\n";
  question.prompt_tokens += kTokensPerMessage;
  if (name == "system" || name == "developer") question.system += text + "\n";
  const std::int64_t length = characters(text);
  if (name == "user") question.user = std::move(text);
  return length;
}

void read_messages(const Json& messages, Question& question) {
  if (messages.is_null()) missing_field("messages");
  if (!messages.is_array()) wrong_type("messages", "an array of objects", messages);
  if (messages.empty()) {
    refuse_openai(
        "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.",
        "messages", "empty_array");
  }
  std::int64_t length = 0;
  for (std::size_t i = 0; i < messages.size(); ++i) length += read_message(messages[i], i, question);
  count_openai_prompt(length, "messages", question);
}

void read_stop(const Json& stop, Question& question) {
  if (stop.is_null()) return;
  const Json list = stop.is_array() ? stop : Json::array({stop});
  if (list.size() > 4) {
    refuse_openai(
        "Invalid 'stop': array too long. Expected an array with maximum length 4, but got an array with length " +
            std::to_string(list.size()) + " instead.",
        "stop", "array_above_max_length");
  }
  for (const Json& sequence : list) {
    if (!sequence.is_string()) wrong_type("stop", "one of a string or array of strings", stop);
    if (sequence != "") question.stop.push_back(sequence.get<std::string>());
  }
}

void read_stream(const Json& body, Question& question) {
  question.stream = get(body, "stream") == true;
  const Json& options = get(body, "stream_options");
  if (options.is_null()) return;
  if (!question.stream) {
    refuse_openai("The 'stream_options' parameter is only allowed when 'stream' is enabled.", "stream_options");
  }
  for (const auto& [key, value] : options.items()) {
    const std::string path = "stream_options." + key.substr(0, 100);
    if (key != "include_usage" && key != "include_obfuscation") unknown_field(path);
    if (!value.is_boolean()) wrong_type(path, "a boolean", value);
  }
  question.usage_in_stream = get(options, "include_usage") == true;
}

void read_cap(const Json& body, Question& question) {
  const Json& old_name = get(body, "max_tokens");
  const Json& new_name = get(body, "max_completion_tokens");
  if (!old_name.is_null() && openai_model(question.model).reasons()) {
    refuse_openai(
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
        "max_tokens", "unsupported_parameter");
  }
  if (!old_name.is_null() && !new_name.is_null()) {
    refuse_openai("Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.", "max_tokens",
                  "invalid_parameter_combination");
  }
  const Json& cap = old_name.is_null() ? new_name : old_name;
  if (!cap.is_null()) question.max_tokens = cap.get<std::int64_t>();
  check_openai_cap(question, old_name.is_null() ? "max_completion_tokens" : "max_tokens");
  question.charge.tokens = std::max(question.charge.tokens, question.max_tokens.value_or(0));
}

void read_logprobs(const Json& body, Question& question) {
  const Json& count = get(body, "top_logprobs");
  if (get(body, "logprobs") == true) {
    question.candidates = count.is_null() ? 0 : count.get<int>();
  } else if (!count.is_null()) {
    refuse_openai("The 'top_logprobs' parameter is only allowed when 'logprobs' is enabled.", "top_logprobs");
  }
}

}  // namespace

Question read_openai_question(std::string_view text) {
  const Json body = read_openai_body(text);
  Question question;
  question.model = read_openai_model(body);
  check_names(body);
  if (!openai_model(question.model).chat) {
    throw OpenAiError{.status = 404,
                      .message = "This model is only supported in v1/responses and not in v1/chat/completions.",
                      .param = "model",
                      .code = {}};
  }
  read_messages(get(body, "messages"), question);
  read_cap(body, question);
  apply_openai_rules(body,
                     {.effort = get(body, "reasoning_effort"),
                      .verbosity = get(body, "verbosity"),
                      .effort_name = "reasoning_effort",
                      .verbosity_name = "verbosity"},
                     question);
  read_stop(get(body, "stop"), question);
  read_stream(body, question);
  if (const Json& seed = get(body, "seed"); !seed.is_null()) question.seed = seed.get<std::int64_t>();
  if (const Json& count = get(body, "n"); !count.is_null() && count != 1) {
    not_simulated("more than one choice ('n')", "n");
  }
  read_logprobs(body, question);
  read_openai_format(get(body, "response_format"),
                     {.field = "response_format", .json_type = "json_schema", .schema = "response_format"}, question);
  question.prompt_tokens += tokens_of(question.schema);
  return question;
}

}  // namespace simulator
