#include "simulator/openai_fields.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "simulator/rules.h"
#include "simulator/schema.h"
#include "simulator/text.h"
#include "simulator/wire.h"

namespace simulator {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kFormatNameMax = 64;

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

void check_range(const Field& field, const std::string& name, const Json& value) {
  const auto number = value.get<double>();
  const bool low = number < field.low;
  if (!low && number <= field.high) return;
  const std::string kind = field.kind == FieldKind::integer ? "integer" : "decimal";
  refuse_openai("Invalid " + in_quotes(name) + ": " + kind + (low ? " below minimum" : " above maximum") +
                    " value. Expected a value " + (low ? ">= " : "<= ") +
                    Json(std::llround(low ? field.low : field.high)).dump() + ", but got " + value.dump() + " instead.",
                name, kind + (low ? "_below_min_value" : "_above_max_value"));
}

void check_field(const Field& field, const std::string& name, const Json& value) {
  if (value.is_null()) return;  // as if it were not there
  switch (field.kind) {
    case FieldKind::integer:
      if (!value.is_number_integer()) wrong_type(name, "an integer", value);
      return check_range(field, name, value);
    case FieldKind::decimal:
      if (!value.is_number()) wrong_type(name, "a decimal", value);
      return check_range(field, name, value);
    case FieldKind::boolean:
      if (!value.is_boolean()) wrong_type(name, "a boolean", value);
      return;
    case FieldKind::text:
      if (!value.is_string()) wrong_type(name, "a string", value);
      return;
    case FieldKind::object:
      if (!value.is_object()) wrong_type(name, "an object", value);
      return;
    case FieldKind::anything:
      return;
    case FieldKind::not_simulated:
      not_simulated(in_quotes(name), name);
  }
}

void check_sampling(const Json& body, const OpenAiModel& model, const std::string& effort) {
  if (model.sampling == Sampling::free) return;
  if (model.sampling == Sampling::with_effort_none && effort == "none") return;
  for (const char* name : {"temperature", "top_p"}) {
    const Json& value = get(body, name);
    if (value.is_null() || value == 1) continue;
    refuse_openai("Unsupported value: " + in_quotes(name) + " does not support " + value.dump() +
                      " with this model. Only the default (1) value is supported.",
                  name, "unsupported_value");
  }
  for (const char* name : {"frequency_penalty", "presence_penalty", "logit_bias", "logprobs", "top_logprobs"}) {
    if (!get(body, name).is_null()) unsupported_field(name);
  }
}

void check_verbosity(const Json& verbosity, const std::string& name, const OpenAiModel& model) {
  if (verbosity.is_null()) return;
  if (!verbosity.is_string()) wrong_type(name, "a string", verbosity);
  const auto& word = verbosity.get_ref<const std::string&>();
  if (!lists("low medium high", word)) wrong_value(name, word, "low medium high");
  if (lists(model.verbosities, word)) return;
  refuse_openai("Unsupported value: " + in_quotes(name) + " does not support " + in_quotes(word) +
                    " with this model. Supported values are: " + quoted_list(model.verbosities) + ".",
                name, "unsupported_value");
}

}  // namespace

std::string in_quotes(std::string_view name) { return "'" + std::string(name) + "'"; }

void refuse_openai(std::string message, std::optional<std::string> param, std::optional<std::string> code) {
  throw OpenAiError{.message = std::move(message), .param = std::move(param), .code = std::move(code)};
}

void missing_field(const std::string& name) {
  refuse_openai("Missing required parameter: " + in_quotes(name) + ".", name, "missing_required_parameter");
}

void wrong_type(std::string_view name, std::string_view expected, const Json& got) {
  refuse_openai("Invalid type for " + in_quotes(name) + ": expected " + std::string(expected) + ", but got " +
                    kind_of(got) + " instead.",
                std::string(name), "invalid_type");
}

void wrong_value(const std::string& name, const std::string& value, std::string_view supported) {
  refuse_openai(
      "Invalid value: " + in_quotes(value.substr(0, 100)) + ". Supported values are: " + quoted_list(supported) + ".",
      name, "invalid_value");
}

void unsupported_field(const std::string& name) {
  refuse_openai("Unsupported parameter: " + in_quotes(name) + " is not supported with this model.", name,
                "unsupported_parameter");
}

void unknown_field(const std::string& path) {
  refuse_openai("Unknown parameter: " + in_quotes(path) + ".", path, "unknown_parameter");
}

void not_simulated(std::string_view what, std::string_view param) {
  refuse_openai("weir-simulator does not simulate " + std::string(what) + ".", std::string(param), "not_simulated");
}

Json read_openai_body(std::string_view text) {
  Json body = parse_json(text);
  if (body.is_object()) return body;
  refuse_openai(
      "We could not parse the JSON body of your request. (HINT: This likely means you aren't using your HTTP library "
      "correctly. The OpenAI API expects a JSON payload, but what was sent was not valid JSON.)");
}

std::string read_openai_model(const Json& body) {
  const Json& model = get(body, "model");
  if (model.is_null() || model == "") refuse_openai("you must provide a model parameter");
  if (!model.is_string()) wrong_type("model", "a string", model);
  return model.get<std::string>();
}

std::vector<std::string> check_fields(const Json& object, std::span<const Field> fields, const std::string& prefix) {
  std::vector<std::string> unknown;
  for (const auto& [name, value] : object.items()) {
    const auto known =
        std::find_if(fields.begin(), fields.end(), [&name = name](const Field& field) { return field.name == name; });
    if (known == fields.end()) {
      if (unknown.size() < 10) unknown.push_back(prefix + name.substr(0, 100));
    } else {
      check_field(*known, prefix + name, value);
    }
  }
  std::sort(unknown.begin(), unknown.end());
  return unknown;
}

void apply_openai_rules(const Json& body, const ModelFields& fields, Question& question) {
  const OpenAiModel& model = openai_model(question.model);
  check_verbosity(fields.verbosity, fields.verbosity_name, model);
  if (!model.reasons()) {
    if (fields.effort.is_null()) return;
    if (question.call == Call::responses) unsupported_field(fields.effort_name);
    refuse_openai("Unrecognized request argument supplied: " + fields.effort_name);
  }
  if (!fields.effort.is_null() && !fields.effort.is_string()) wrong_type(fields.effort_name, "a string", fields.effort);
  question.effort = fields.effort.is_null() ? std::string(model.default_effort) : fields.effort.get<std::string>();
  question.reasoning = thinking_at(question.effort);
  if (!question.reasoning) wrong_value(fields.effort_name, question.effort, kEfforts);
  if (!lists(model.efforts, question.effort)) {
    refuse_openai("Unsupported value: " + in_quotes(fields.effort_name) + " does not support " +
                      in_quotes(question.effort) +
                      " with this model. Supported values are: " + quoted_list(model.efforts) + ".",
                  fields.effort_name, "unsupported_value");
  }
  check_sampling(body, model, question.effort);
  if (!model.stop && !get(body, "stop").is_null()) unsupported_field("stop");
  if (question.model.starts_with("gpt-6") && !get(body, "prompt_cache_retention").is_null()) {
    unsupported_field("prompt_cache_retention");
  }
}

void check_openai_cap(const Question& question, const std::string& name) {
  const std::int64_t most = openai_model(question.model).max_output;
  if (question.max_tokens.value_or(0) <= most) return;
  const std::string cap = std::to_string(*question.max_tokens);
  refuse_openai(name + " is too large: " + cap + ". This model supports at most " + std::to_string(most) +
                    " completion tokens, whereas you provided " + cap + ".",
                name, "invalid_value");
}

void read_openai_format(const Json& format, const FormatPlace& place, Question& question) {
  if (format.is_null()) return;
  if (!format.is_object()) wrong_type(place.field, "an object", format);
  const Json& type = get(format, "type");
  if (type.is_null()) missing_field(place.field + ".type");
  if (type == "text") return;
  question.json = true;
  if (type == "json_object") {
    std::string all = question.prompt;
    std::transform(all.begin(), all.end(), all.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    if (all.find("json") != std::string::npos) return;
    const std::string where = question.call == Call::responses ? "input" : "messages";
    refuse_openai(in_quotes(where) + " must contain the word 'json' in some form, to use " + in_quotes(place.field) +
                      " of type 'json_object'.",
                  where);
  }
  if (type != "json_schema") {
    wrong_value(place.field + ".type", type.is_string() ? type.get<std::string>() : type.dump(),
                "json_object json_schema text");
  }
  const Json& wrapped = place.json_type.empty() ? format : get(format, place.json_type);
  const std::string where = place.field + (place.json_type.empty() ? "" : "." + place.json_type);
  if (wrapped.is_null()) missing_field(where);
  if (!wrapped.is_object()) wrong_type(where, "an object", wrapped);
  for (const auto& [name, value] : wrapped.items()) {
    const bool known = lists("name description schema strict", name) || (place.json_type.empty() && name == "type");
    if (!known) unknown_field(where + "." + name.substr(0, 100));
  }
  const Json& name = get(wrapped, "name");
  if (name.is_null()) missing_field(where + ".name");
  if (!name.is_string()) wrong_type(where + ".name", "a string", name);
  const auto& title = name.get_ref<const std::string&>();
  const bool plain =
      !title.empty() && title.size() <= kFormatNameMax && std::all_of(title.begin(), title.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
      });
  if (!plain) {
    refuse_openai("Invalid " + in_quotes(where + ".name") +
                      ": string does not match pattern. Expected a string that matches the pattern "
                      "'^[a-zA-Z0-9_-]+$'.",
                  where + ".name", "invalid_value");
  }
  const Json& schema = get(wrapped, "schema");
  if (schema.is_null()) missing_field(where + ".schema");
  if (!schema.is_object()) wrong_type(where + ".schema", "an object", schema);
  if (get(wrapped, "strict") == true) {
    if (const auto wrong = objection(schema, Subset::openai_strict)) {
      refuse_openai("Invalid schema for response_format " + in_quotes(title) + ": " + *wrong, place.schema, place.code);
    }
  }
  question.schema = dump(schema);
}

void count_openai_prompt(std::int64_t characters, const std::string& param, Question& question) {
  const std::int64_t tokens = (characters + kCharactersPerToken - 1) / kCharactersPerToken;
  question.prompt_tokens += tokens;
  question.charge.tokens = tokens;
  const std::int64_t context = openai_model(question.model).context;
  if (question.prompt_tokens <= context) return;
  refuse_openai("This model's maximum context length is " + std::to_string(context) +
                    " tokens. However, your messages resulted in " + std::to_string(question.prompt_tokens) +
                    " tokens. Please reduce the length of the messages.",
                param, "context_length_exceeded");
}

}  // namespace simulator
