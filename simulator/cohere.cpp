#include "simulator/cohere.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "simulator/rules.h"
#include "simulator/text.h"
#include "simulator/wire.h"

namespace simulator {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kTextsMax = 96;
constexpr std::string_view kFields =
    "model input_type texts images inputs embedding_types output_dimension truncate max_tokens priority";
constexpr std::string_view kTypes = "float int8 uint8 binary ubinary base64";

[[noreturn]] void refuse_with(std::string message, int status = 400) {
  throw CohereError{.status = status, .message = std::move(message)};
}

http::Headers headers(const char* content_type = "application/json") { return {{"content-type", content_type}}; }

http::Response error_response(const CohereError& error, const Envelope& envelope) {
  return json_response(error.status, {{"id", hex(envelope.id)}, {"message", error.message}}, headers(),
                       envelope.latency);
}

std::string text_at(const Json& body, const char* name, std::string_view choices) {
  const Json& value = get(body, name);
  if (value.is_null()) return "";
  const std::string text = value.is_string() ? value.get<std::string>() : "";
  if (text.empty() || (!choices.empty() && !lists(choices, text))) {
    refuse_with("invalid request: " + std::string(name) + " must be one of " + std::string(choices));
  }
  return text;
}

// The numbers of a direction as eight bits, or as single bits, packed.
Json compressed(const std::vector<float>& direction, const std::string& type) {
  Json list = Json::array();
  const float largest = std::abs(*std::max_element(direction.begin(), direction.end(),
                                                   [](float a, float b) { return std::abs(a) < std::abs(b); }));
  if (type == "int8" || type == "uint8") {
    for (const float number : direction) {
      list.push_back(static_cast<int>(std::lround(number / largest * 127)) + (type == "uint8" ? 128 : 0));
    }
    return list;
  }
  for (std::size_t i = 0; i < direction.size(); i += 8) {
    int byte = 0;
    for (std::size_t j = i; j < std::min(i + 8, direction.size()); ++j) byte = byte * 2 + (direction[j] > 0 ? 1 : 0);
    list.push_back(type == "binary" ? byte - 128 : byte);
  }
  return list;
}

}  // namespace

Question read_cohere_question(std::string_view text) {
  const Json body = parse_json(text);
  if (!body.is_object()) refuse_with("invalid request: the body is not a JSON object");
  for (const auto& [name, value] : body.items()) {
    if (!lists(kFields, name))
      refuse_with("unknown field: parameter '" + name.substr(0, 100) + "' is not a valid field", 422);
  }
  Question question;
  question.call = Call::embed_many;
  question.model = text_at(body, "model", "");
  if (question.model.empty()) refuse_with("model is required");
  const EmbeddingModel& model = embedding_model(question.model);
  if (text_at(body, "input_type", "search_document search_query classification clustering image").empty()) {
    refuse_with("valid input_type must be provided with the provided model");
  }
  const std::string cut = text_at(body, "truncate", "NONE START END");
  const Json& texts = get(body, "texts");
  if (!texts.is_array() || texts.empty()) refuse_with("invalid request: texts must be a list of at least one string");
  if (texts.size() > kTextsMax) refuse_with("invalid request: total number of texts must be at most 96");
  for (const Json& one : texts) {
    if (!one.is_string()) refuse_with("invalid request: texts must be a list of strings");
    const std::int64_t tokens = tokens_of(one.get_ref<const std::string&>());
    if (cut == "NONE" && tokens > model.input_max) {
      refuse_with("too many tokens: total number of tokens in the prompt cannot exceed " +
                  std::to_string(model.input_max));
    }
    question.prompt_tokens += std::min(tokens, model.input_max);
    question.prompt += one.get_ref<const std::string&>() + "\n";
    question.vectors.inputs.push_back(one.get<std::string>());
  }
  const Json& types = get(body, "embedding_types");
  for (const Json& type : types) {
    const std::string name = type.is_string() ? type.get<std::string>() : "";
    if (!lists(kTypes, name)) refuse_with("invalid request: embedding_types must be among " + std::string(kTypes));
    question.vectors.types.push_back(name);
  }
  if (question.vectors.types.empty()) question.vectors.types = {"float"};
  question.vectors.dimensions = model.dimensions;
  if (const Json& wanted = get(body, "output_dimension"); !wanted.is_null()) {
    const bool fits = wanted.is_number_integer() && wanted >= 1 && wanted <= model.dimensions;
    if (!fits || (!model.custom && !lists(model.choices, wanted.dump()))) {
      refuse_with("invalid request: output_dimension must be one of " + std::string(model.choices));
    }
    question.vectors.dimensions = wanted.get<std::int64_t>();
  }
  return question;
}

bool Cohere::owns(const http::Request& request) const {
  return request.path.starts_with("/v2/") || request.path == "/v1/check-api-key";
}

std::variant<Question, ModelsAsked, http::Response> Cohere::read(const http::Request& request, std::string_view api_key,
                                                                 const Envelope& envelope) const {
  const auto authorization = request.header("authorization");
  if (!api_key.empty() && authorization != "Bearer " + std::string(api_key)) {
    return error_response({.status = 401, .message = authorization ? "invalid api token" : "no api key supplied"},
                          envelope);
  }
  if (request.path == "/v1/check-api-key" && request.method == "POST") {
    return json_response(200, {{"valid", true}, {"organization_id", "org-simulator"}, {"owner_id", "owner-simulator"}},
                         headers(), Span(0));
  }
  if (request.path != "/v2/embed" || request.method != "POST") return no_such_path(request, envelope);
  try {
    return read_cohere_question(request.body);
  } catch (const CohereError& error) {
    return error_response(error, envelope);
  }
}

http::Response Cohere::answer(const Question& question, const Completion& completion, const Envelope& envelope) const {
  Json embeddings = Json::object();
  for (const std::string& type : question.vectors.types) embeddings[type] = Json::array();
  for (const std::string& input : question.vectors.inputs) {
    const std::vector<float> direction = direction_of(input, question.vectors.dimensions);
    for (const std::string& type : question.vectors.types) {
      Json vector = direction;
      if (type == "base64") vector = base64_of(direction);
      if (type != "float" && type != "base64") vector = compressed(direction, type);
      embeddings[type].push_back(std::move(vector));
    }
  }
  Json body = {{"id", hex(envelope.id)},
               {"response_type", "embeddings_by_type"},
               {"embeddings", std::move(embeddings)},
               {"texts", question.vectors.inputs},
               {"meta", {{"api_version", {{"version", "2"}}}}}};
  if (completion.usage_known) body["meta"]["billed_units"] = {{"input_tokens", completion.prompt_tokens}};
  return json_response(200, body, headers(), envelope.latency);
}

http::Response Cohere::refuse(const Question&, const Refusal& refusal, const Envelope& envelope) const {
  return error_response({.status = 429,
                         .message = "You are past the per minute request limit of " + std::to_string(refusal.limit) +
                                    ", please wait and try again later."},
                        envelope);
}

http::Response Cohere::fail(const Question&, Fault fault, const Envelope& envelope) const {
  if (fault == Fault::refuse_once) {
    return error_response(
        {.status = 429, .message = "You are past the per minute request limit, please wait and try again later."},
        envelope);
  }
  if (fault == Fault::no_credit) {
    return error_response(
        {.status = 402, .message = "Please add or update your payment method at dashboard.cohere.com/billing"},
        envelope);
  }
  if (fault == Fault::overloaded || fault == Fault::site_overloaded) {
    return error_response({.status = 503, .message = "the service is unavailable, please try again later"}, envelope);
  }
  return error_response({.status = 500, .message = "internal server error, please try again later"}, envelope);
}

std::string Cohere::error_event(const Question&, const Envelope& envelope) const {
  return event({{"id", hex(envelope.id)}, {"message", "internal server error"}});
}

std::string Cohere::idle_event() const { return ": keep-alive\n\n"; }

http::Response Cohere::models(const std::vector<std::string>& names, const ModelsAsked&, const Envelope&) const {
  Json list = Json::array();
  for (const std::string& name : names) list.push_back({{"name", name}, {"endpoints", {"embed"}}});
  return json_response(200, {{"models", std::move(list)}}, headers(), Span(0));
}

http::Response Cohere::no_such_model(std::string_view name, const Envelope& envelope) const {
  return error_response(
      {.status = 404,
       .message = "model '" + std::string(name) +
                  "' not found, make sure the correct model ID was used and that you have access to the model."},
      envelope);
}

http::Response Cohere::malformed(const http::Malformed& what, const Envelope& envelope) const {
  return error_response({.status = what.status, .message = what.message}, envelope);
}

http::Response Cohere::no_such_path(const http::Request&, const Envelope& envelope) const {
  return error_response({.status = 404, .message = "page not found"}, envelope);
}

}  // namespace simulator
