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

constexpr std::size_t kInputsMax = 2048;
constexpr std::int64_t kTokensMax = 300'000;

constexpr std::array kFields = {
    Field{"model", FieldKind::text},
    Field{"input", FieldKind::anything},
    Field{"dimensions", FieldKind::integer, 1, 1'000'000},
    Field{"encoding_format", FieldKind::text},
    Field{"user", FieldKind::text},
};

bool is_tokens(const Json& value) { return value.is_array() && !value.empty() && value.front().is_number_integer(); }

// A text, or an array of tokens, each of which stands for a word.
void add_input(const Json& value, Question& question) {
  std::string text;
  std::int64_t tokens = 0;
  if (value.is_string()) {
    text = value.get<std::string>();
    tokens = tokens_of(text);
  } else if (is_tokens(value)) {
    for (const Json& token : value) text += "token" + token.dump() + " ";
    tokens = static_cast<std::int64_t>(value.size());
  } else {
    wrong_type("input", "one of a string, array of strings, array of integers, or array of integer arrays", value);
  }
  if (text.empty()) refuse_openai("Invalid 'input': input cannot be an empty string.", "input");
  const std::int64_t most = embedding_model(question.model).input_max;
  if (tokens > most) {
    refuse_openai("This model's maximum context length is " + std::to_string(most) + " tokens, however you requested " +
                      std::to_string(tokens) + " tokens (" + std::to_string(tokens) +
                      " in your prompt; 0 for the completion). Please reduce your prompt; or completion length.",
                  "input", "context_length_exceeded");
  }
  question.prompt += text + "\n";
  question.prompt_tokens += tokens;
  question.vectors.inputs.push_back(std::move(text));
}

}  // namespace

Question read_embeddings_question(std::string_view text) {
  const Json body = read_openai_body(text);
  Question question;
  question.call = Call::embeddings;
  question.model = read_openai_model(body);
  if (const auto unknown = check_fields(body, kFields); !unknown.empty()) {
    refuse_openai("Unrecognized request argument supplied: " + unknown.front());
  }
  const EmbeddingModel& model = embedding_model(question.model);
  const Json& input = get(body, "input");
  if (input.is_null()) missing_field("input");
  if (input.is_array() && input.empty()) refuse_openai("Invalid 'input': empty array.", "input", "empty_array");
  if (input.is_string() || is_tokens(input)) {
    add_input(input, question);
  } else {
    if (!input.is_array()) wrong_type("input", "one of a string or array", input);
    if (input.size() > kInputsMax) {
      refuse_openai(
          "Invalid 'input': array too long. Expected an array with maximum length 2048, but got an array "
          "with length " +
              std::to_string(input.size()) + " instead.",
          "input", "array_above_max_length");
    }
    for (const Json& one : input) add_input(one, question);
  }
  if (question.prompt_tokens > kTokensMax) {
    refuse_openai("Invalid 'input': maximum request size is 300000 tokens per request.", "input",
                  "max_tokens_per_request");
  }
  question.vectors.dimensions = model.dimensions;
  if (const Json& wanted = get(body, "dimensions"); !wanted.is_null()) {
    if (!model.custom) refuse_openai("This model does not support specifying dimensions.", "dimensions");
    if (wanted > model.dimensions) {
      refuse_openai("Invalid value for 'dimensions' = " + wanted.dump() + ". Must be less than or equal to " +
                        std::to_string(model.dimensions) + ".",
                    "dimensions");
    }
    question.vectors.dimensions = wanted.get<std::int64_t>();
  }
  const Json& format = get(body, "encoding_format");
  question.vectors.types = {format.is_null() ? "float" : format.get<std::string>()};
  if (!lists("float base64", question.vectors.types.front())) {
    wrong_value("encoding_format", question.vectors.types.front(), "float base64");
  }
  question.charge.tokens = question.prompt_tokens;
  return question;
}

Json embeddings_answer(const Question& question) {
  Json list = Json::array();
  for (const std::string& input : question.vectors.inputs) {
    const std::vector<float> direction = direction_of(input, question.vectors.dimensions);
    const bool text = question.vectors.types.front() == "base64";
    list.push_back({{"object", "embedding"},
                    {"index", list.size()},
                    {"embedding", text ? Json(base64_of(direction)) : Json(direction)}});
  }
  return {{"object", "list"},
          {"data", std::move(list)},
          {"model", question.model},
          {"usage", {{"prompt_tokens", question.prompt_tokens}, {"total_tokens", question.prompt_tokens}}}};
}

}  // namespace simulator
