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

constexpr std::int64_t kTokensPerItem = 4;
constexpr std::int64_t kCapMin = 16;

constexpr std::array kFields = {
    Field{"model", FieldKind::text},
    Field{"input", FieldKind::anything},
    Field{"instructions", FieldKind::text},
    Field{"max_output_tokens", FieldKind::integer, kCapMin, kOutputCapMax},
    Field{"max_tool_calls", FieldKind::integer, 0, 1'000'000},
    Field{"reasoning", FieldKind::object},
    Field{"text", FieldKind::object},
    Field{"store", FieldKind::boolean},
    Field{"stream", FieldKind::boolean},
    Field{"stream_options", FieldKind::object},
    Field{"service_tier", FieldKind::text},
    Field{"truncation", FieldKind::text},
    Field{"prompt_cache_key", FieldKind::text},
    Field{"prompt_cache_options", FieldKind::object},
    Field{"prompt_cache_retention", FieldKind::text},
    Field{"metadata", FieldKind::object},
    Field{"include", FieldKind::anything},
    Field{"temperature", FieldKind::decimal, 0, 2},
    Field{"top_p", FieldKind::decimal, 0, 1},
    Field{"top_logprobs", FieldKind::integer, 0, 20},
    Field{"parallel_tool_calls", FieldKind::boolean},
    Field{"tools", FieldKind::anything},
    Field{"tool_choice", FieldKind::anything},
    Field{"user", FieldKind::text},
    Field{"safety_identifier", FieldKind::text},
    Field{"background", FieldKind::boolean},
    Field{"previous_response_id", FieldKind::not_simulated},
    Field{"conversation", FieldKind::not_simulated},
    Field{"prompt", FieldKind::not_simulated},
};

constexpr std::string_view kLogprobs = "message.output_text.logprobs";
constexpr std::string_view kIncludable =
    "file_search_call.results web_search_call.results web_search_call.action.sources message.input_image.image_url "
    "computer_call_output.output.image_url code_interpreter_call.outputs reasoning.encrypted_content "
    "message.output_text.logprobs";

constexpr std::array kReasoningFields = {
    Field{"effort", FieldKind::text},  Field{"summary", FieldKind::text}, Field{"generate_summary", FieldKind::text},
    Field{"context", FieldKind::text}, Field{"mode", FieldKind::text},
};

constexpr std::array kTextFields = {Field{"format", FieldKind::object}, Field{"verbosity", FieldKind::text}};

void only_known(const Json& object, std::span<const Field> fields, const std::string& prefix) {
  const std::vector<std::string> unknown = check_fields(object, fields, prefix);
  if (!unknown.empty()) unknown_field(unknown.front());
}

std::string text_of_part(const Json& part, const std::string& where) {
  if (!part.is_object()) wrong_type(where, "an object", part);
  const Json& type = get(part, "type");
  if (type.is_null()) missing_field(where + ".type");
  const std::string name = type.is_string() ? type.get<std::string>() : type.dump();
  if (name == "input_image" || name == "input_file" || name == "input_audio") {
    not_simulated("content parts of type " + in_quotes(name), where);
  }
  if (name != "input_text" && name != "output_text" && name != "refusal") {
    wrong_value(where, name, "input_text input_image output_text refusal input_file");
  }
  const std::string field = name == "refusal" ? "refusal" : "text";
  const Json& text = get(part, field);
  if (text.is_null()) missing_field(where + "." + field);
  if (!text.is_string()) wrong_type(where + "." + field, "a string", text);
  return text.get<std::string>();
}

class ResponsesReader {
 public:
  explicit ResponsesReader(std::string_view text) : body_(read_openai_body(text)) {}

  Question run() {
    question_.call = Call::responses;
    question_.model = read_openai_model(body_);
    only_known(body_, kFields, "");
    read_input();
    count_openai_prompt(characters_, "input", question_);
    if (const Json& cap = get(body_, "max_output_tokens"); !cap.is_null())
      question_.max_tokens = cap.get<std::int64_t>();
    check_openai_cap(question_, "max_output_tokens");
    question_.charge.tokens = std::max(question_.charge.tokens, question_.max_tokens.value_or(0));
    read_model_fields();
    read_logprobs();
    question_.stream = get(body_, "stream") == true;
    if (const Json& tools = get(body_, "tools"); !tools.is_null() && !tools.empty()) not_simulated("'tools'", "tools");
    if (get(body_, "background") == true) not_simulated("'background'", "background");
    question_.prompt_tokens += tokens_of(question_.schema);
    question_.echo = dump(echo());
    return std::move(question_);
  }

 private:
  void add(const std::string& role, std::string text) {
    question_.prompt += role + "\n" + text + "\n";
    question_.prompt_tokens += kTokensPerItem;
    characters_ += characters(text);
    if (role == "system" || role == "developer") question_.system += text + "\n";
    if (role == "user") question_.user = std::move(text);
  }

  void read_input() {
    if (const Json& rules = get(body_, "instructions"); rules.is_string()) add("system", rules.get<std::string>());
    const Json& input = get(body_, "input");
    if (input.is_null()) missing_field("input");
    if (input.is_string()) return add("user", input.get<std::string>());
    if (!input.is_array()) wrong_type("input", "one of a string or array of input items", input);
    if (input.empty()) {
      refuse_openai(
          "Invalid 'input': empty array. Expected an array with minimum length 1, but got an empty array "
          "instead.",
          "input", "empty_array");
    }
    for (std::size_t i = 0; i < input.size(); ++i) read_item(input[i], "input[" + std::to_string(i) + "]");
  }

  void read_item(const Json& item, const std::string& where) {
    if (!item.is_object()) wrong_type(where, "an object", item);
    const Json& type = get(item, "type");
    if (type == "reasoning") return;
    if (!type.is_null() && type != "message") not_simulated("input items of type " + type.dump(), where + ".type");
    const Json& role = get(item, "role");
    if (role.is_null()) missing_field(where + ".role");
    const std::string name = role.is_string() ? role.get<std::string>() : role.dump();
    if (!lists("assistant system developer user", name)) {
      wrong_value(where + ".role", name, "assistant system developer user");
    }
    const Json& content = get(item, "content");
    if (content.is_null()) missing_field(where + ".content");
    if (content.is_string()) return add(name, content.get<std::string>());
    if (!content.is_array()) wrong_type(where + ".content", "one of a string or array of objects", content);
    std::string text;
    for (std::size_t i = 0; i < content.size(); ++i) {
      text += text_of_part(content[i], where + ".content[" + std::to_string(i) + "]");
    }
    add(name, std::move(text));
  }

  void read_logprobs() {
    const Json& include = get(body_, "include");
    if (include.is_null()) return;
    if (!include.is_array()) wrong_type("include", "an array of strings", include);
    for (std::size_t i = 0; i < include.size(); ++i) {
      const std::string where = "include[" + std::to_string(i) + "]";
      if (!include[i].is_string()) wrong_type(where, "a string", include[i]);
      const auto& what = include[i].get_ref<const std::string&>();
      if (!lists(kIncludable, what)) wrong_value(where, what, kIncludable);
      if (what != kLogprobs) continue;
      if (openai_model(question_.model).reasons()) {
        refuse_openai("logprobs are not supported with reasoning models.", "include", "unsupported_parameter");
      }
      const Json& count = get(body_, "top_logprobs");
      question_.candidates = count.is_null() ? 0 : count.get<int>();
    }
  }

  void read_model_fields() {
    const Json& reasoning = get(body_, "reasoning");
    const Json& text = get(body_, "text");
    if (!reasoning.is_null()) only_known(reasoning, kReasoningFields, "reasoning.");
    if (!text.is_null()) only_known(text, kTextFields, "text.");
    apply_openai_rules(body_,
                       {.effort = get(reasoning, "effort"),
                        .verbosity = get(text, "verbosity"),
                        .effort_name = "reasoning.effort",
                        .verbosity_name = "text.verbosity"},
                       question_);
    const Json& summary = get(reasoning, "summary");
    if (!summary.is_null()) {
      if (!lists("auto concise detailed", summary.get_ref<const std::string&>())) {
        wrong_value("reasoning.summary", summary.get<std::string>(), "concise detailed auto");
      }
      if (!openai_model(question_.model).reasons()) unsupported_field("reasoning.summary");
      question_.thoughts_shown = true;
    }
    read_openai_format(
        get(text, "format"),
        {.field = "text.format", .json_type = "", .schema = "text.format.schema", .code = "invalid_json_schema"},
        question_);
  }

  // What the answer repeats of the request, with the defaults for what it leaves out.
  Json echo() const {
    const auto given = [&](const char* name, Json otherwise) {
      const Json& value = get(body_, name);
      return value.is_null() ? std::move(otherwise) : value;
    };
    const Json& text = get(body_, "text");
    const Json& format = get(text, "format");
    const Json& verbosity = get(text, "verbosity");
    const Json& summary = get(get(body_, "reasoning"), "summary");
    return {
        {"instructions", given("instructions", nullptr)},
        {"max_output_tokens", given("max_output_tokens", nullptr)},
        {"max_tool_calls", nullptr},
        {"parallel_tool_calls", given("parallel_tool_calls", true)},
        {"previous_response_id", nullptr},
        {"prompt_cache_key", given("prompt_cache_key", nullptr)},
        {"reasoning", {{"effort", question_.effort.empty() ? Json() : Json(question_.effort)}, {"summary", summary}}},
        {"safety_identifier", given("safety_identifier", nullptr)},
        {"service_tier", "default"},
        {"store", given("store", true)},
        {"temperature", given("temperature", 1.0)},
        {"text",
         {{"format", format.is_null() ? Json{{"type", "text"}} : format},
          {"verbosity", verbosity.is_null() ? Json("medium") : verbosity}}},
        {"tool_choice", given("tool_choice", "auto")},
        {"tools", Json::array()},
        {"top_logprobs", given("top_logprobs", 0)},
        {"top_p", given("top_p", 1.0)},
        {"truncation", given("truncation", "disabled")},
        {"user", given("user", nullptr)},
        {"metadata", given("metadata", Json::object())}};
  }

  Json body_;
  Question question_;
  std::int64_t characters_ = 0;
};

}  // namespace

Question read_responses_question(std::string_view body) { return ResponsesReader(body).run(); }

}  // namespace simulator
