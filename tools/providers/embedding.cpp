#include "tools/providers/embedding.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "tools/message.h"
#include "tools/providers/answering.h"
#include "tools/providers/google.h"
#include "tools/providers/openai.h"
#include "tools/providers/openrouter.h"
#include "tools/providers/wire_error.h"
#include "tools/providers/wire_json.h"

namespace weir {
namespace {

using nlohmann::json;
using Json = nlohmann::ordered_json;
using Embedded = tl::expected<Embeddings, CallError>;

// Numbers take more room than words: a vector of 3,072 is 40 kB of text, and as many values.
constexpr std::int64_t kValuesMax = 2'000'000;
constexpr std::int64_t kAnswerBytesMax = 48 << 20;

constexpr std::int64_t kTokensAround = 2;  // each text, as estimate() has it

HttpRequest request(const ModelSettings& settings, const std::string& path, HttpHeaders authorization,
                    const Json& body) {
  HttpRequest result = json_request(settings, settings.base_url + path, std::move(authorization), body, false);
  result.response_bytes_max = kAnswerBytesMax;
  return result;
}

std::optional<std::vector<float>> vector_of(const json* list) {
  if (list == nullptr || !list->is_array() || list->empty()) return std::nullopt;
  std::vector<float> vector;
  vector.reserve(list->size());
  for (const json& number : *list) {
    if (!number.is_number()) return std::nullopt;
    vector.push_back(number.get<float>());
    if (!std::isfinite(vector.back())) return std::nullopt;
  }
  return vector;
}

Embedded checked(Embeddings embeddings, const HttpResponse& response, std::size_t texts) {
  if (embeddings.vectors.size() != texts)
    return tl::unexpected(unusable(fmt::format("it has {} vectors for {} texts", embeddings.vectors.size(), texts)));
  for (const auto& vector : embeddings.vectors)
    if (vector.size() != embeddings.vectors.front().size())
      return tl::unexpected(unusable(fmt::format("its vectors are of different lengths, {} and {}",
                                                 embeddings.vectors.front().size(), vector.size())));
  for (const char* name : {"x-request-id", "x-generation-id"})
    if (const std::string* id = response.header(name); id != nullptr && embeddings.request_id.empty())
      embeddings.request_id = excerpt(*id, 200);
  return embeddings;
}

// The answer, in which `list` is to be found; or why not.
tl::expected<json, CallError> read(const HttpResponse& response, const char* list,
                                   CallError (*read_failure)(const HttpResponse&)) {
  if (!is_success(response)) return tl::unexpected(read_failure(response));
  auto answer = parse_wire_json(response.body, kValuesMax);
  if (!answer) return tl::unexpected(not_json(response.body));
  if (member(*answer, list) == nullptr && member(*answer, "error") != nullptr)
    return tl::unexpected(read_failure(response));
  if (member(*answer, list) == nullptr)
    return tl::unexpected(unusable(fmt::format("it has no \"{}\"; is base_url an embeddings API?", list)));
  return *std::move(answer);
}

CallError no_vector(std::size_t index) { return unusable(fmt::format("its vector {} is no list of numbers", index)); }

// --- OpenAI, and those who speak as it does

HttpRequest encode_openai_embedding(const ModelSettings& settings, const EmbedPrompt& prompt) {
  Json body = {{"model", settings.model}, {"input", prompt.texts}, {"encoding_format", "float"}};
  if (prompt.dimensions) body["dimensions"] = *prompt.dimensions;
  return request(settings, "/embeddings", bearer(settings), body);
}

Embedded read_openai_embedding(const HttpResponse& response, std::size_t texts,
                               CallError (*read_failure)(const HttpResponse&)) {
  const auto answer = read(response, "data", read_failure);
  if (!answer) return tl::unexpected(answer.error());
  const json& list = *member(*answer, "data");
  if (!list.is_array() || list.size() != texts)
    return tl::unexpected(
        unusable(fmt::format("it has {} vectors for {} texts", list.is_array() ? list.size() : 0, texts)));
  Embeddings embeddings;
  embeddings.vectors.resize(texts);
  for (std::size_t i = 0; i < texts; ++i) {
    auto vector = vector_of(member(list[i], "embedding"));
    if (!vector) return tl::unexpected(no_vector(i));
    const auto index = count_of(member(list[i], "index"));  // which may be left out, but not be wrong
    const auto at = index ? static_cast<std::size_t>(*index) : i;
    if (at >= texts || !embeddings.vectors[at].empty())
      return tl::unexpected(unusable(fmt::format("its vector {} has the index {}", i, at)));
    embeddings.vectors[at] = *std::move(vector);
  }
  if (const json* usage = member(*answer, "usage")) embeddings.input_tokens = count_of(member(*usage, "prompt_tokens"));
  embeddings.model = text_of(member(*answer, "model"));
  return checked(std::move(embeddings), response, texts);
}

Embedded decode_openai_embedding(const HttpResponse& response, std::size_t texts) {
  return read_openai_embedding(response, texts, openai_error);
}

Embedded decode_openrouter_embedding(const HttpResponse& response, std::size_t texts) {
  return read_openai_embedding(response, texts, openrouter_error);
}

// --- Google

const char* google_task(EmbedPurpose purpose) {
  switch (purpose) {
    case EmbedPurpose::document:
      return "RETRIEVAL_DOCUMENT";
    case EmbedPurpose::query:
      return "RETRIEVAL_QUERY";
    case EmbedPurpose::similarity:
      return "SEMANTIC_SIMILARITY";
    case EmbedPurpose::classification:
      return "CLASSIFICATION";
    case EmbedPurpose::clustering:
      return "CLUSTERING";
  }
  return "RETRIEVAL_DOCUMENT";
}

HttpRequest encode_google_embedding(const ModelSettings& settings, const EmbedPrompt& prompt) {
  const std::string path = google_model_path(settings);
  Json requests = Json::array();
  for (const std::string& text : prompt.texts) {
    Json one = {{"model", settings.model.find('/') == std::string::npos ? "models/" + settings.model : settings.model},
                {"content", {{"parts", Json::array({{{"text", text}}})}}},
                {"taskType", google_task(prompt.purpose)}};
    if (prompt.dimensions) one["outputDimensionality"] = *prompt.dimensions;
    requests.push_back(std::move(one));
  }
  return request(settings, "/" + path + ":batchEmbedContents", key_header(settings, "x-goog-api-key"),
                 {{"requests", std::move(requests)}});
}

Embedded decode_google_embedding(const HttpResponse& response, std::size_t texts) {
  const auto answer = read(response, "embeddings", google_error);
  if (!answer) return tl::unexpected(answer.error());
  Embeddings embeddings;
  const json& list = *member(*answer, "embeddings");
  for (std::size_t i = 0; list.is_array() && i < list.size(); ++i) {
    auto vector = vector_of(member(list[i], "values"));
    if (!vector) return tl::unexpected(no_vector(i));
    embeddings.vectors.push_back(*std::move(vector));
  }
  return checked(std::move(embeddings), response, texts);
}

// --- Cohere

const char* cohere_input(EmbedPurpose purpose) {
  switch (purpose) {
    case EmbedPurpose::document:
      return "search_document";
    case EmbedPurpose::query:
      return "search_query";
    case EmbedPurpose::classification:
      return "classification";
    case EmbedPurpose::similarity:  // which it has no word for
    case EmbedPurpose::clustering:
      return "clustering";
  }
  return "search_document";
}

HttpRequest encode_cohere_embedding(const ModelSettings& settings, const EmbedPrompt& prompt) {
  Json body = {{"model", settings.model},
               {"input_type", cohere_input(prompt.purpose)},
               {"texts", prompt.texts},
               {"embedding_types", Json::array({"float"})}};
  if (prompt.dimensions) body["output_dimension"] = *prompt.dimensions;
  body["truncate"] = "NONE";  // rather an error than half a text
  return request(settings, "/v2/embed", bearer(settings), body);
}

CallError cohere_error(const HttpResponse& response) {
  const ErrorSaid said = read_error(response.body);
  Verdict verdict = usual_verdict(status_of(response, said), said);
  // There is no code for it; a wrong guess retries what will not be answered before the month ends, or the reverse.
  if (response.status == 429 && said.message.find("API calls / month") != std::string::npos)
    verdict = {Fault::exhausted, false, "the trial key's month is used up; retrying does not help"};
  return call_error(response, status_of(response, said), said, verdict);
}

Embedded decode_cohere_embedding(const HttpResponse& response, std::size_t texts) {
  const auto answer = read(response, "embeddings", cohere_error);
  if (!answer) return tl::unexpected(answer.error());
  Embeddings embeddings;
  const json* list = member(*member(*answer, "embeddings"), "float");
  if (list == nullptr || !list->is_array()) return tl::unexpected(unusable("it has no \"embeddings.float\""));
  for (std::size_t i = 0; i < list->size(); ++i) {
    auto vector = vector_of(&(*list)[i]);
    if (!vector) return tl::unexpected(no_vector(i));
    embeddings.vectors.push_back(*std::move(vector));
  }
  if (const json* meta = member(*answer, "meta"))
    if (const json* billed = member(*meta, "billed_units"))
      embeddings.input_tokens = count_of(member(*billed, "input_tokens"));
  embeddings.request_id = excerpt(text_of(member(*answer, "id")), 200);
  return checked(std::move(embeddings), response, texts);
}

HttpRequest probe_cohere(const ModelSettings& settings) {
  return request(settings, "/v1/check-api-key", bearer(settings), Json::object());
}

std::optional<CallError> judge_cohere_probe(const ModelSettings&, const HttpResponse& response) {
  if (auto error = judge_status(response, cohere_error)) return error;
  const auto answer = parse_wire_json(response.body);
  const json* valid = answer ? member(*answer, "valid") : nullptr;
  if (valid != nullptr && *valid == true) return std::nullopt;
  CallError error;
  error.error = valid != nullptr && *valid == false
                    ? Error{Fault::denied, "the provider says that the key is not valid; check the model's api_key"}
                    : Error{Fault::unavailable, "the provider does not say whether the key is valid"};
  return error;
}

}  // namespace

Completion completion_of(Embeddings embeddings) {
  Completion completion;
  if (embeddings.input_tokens) completion.usage = TokenCounts{.input = *embeddings.input_tokens};
  completion.model = std::move(embeddings.model);
  completion.request_id = std::move(embeddings.request_id);
  completion.vectors = std::move(embeddings.vectors);
  return completion;
}

const EmbeddingProvider* find_embedding_provider(std::string_view name) {
  // OpenAI takes 2,048 texts; that would be an answer of 80 MB.
  static constexpr std::array kTable = {
      EmbeddingProvider{"openai", 512, 300'000, encode_openai_embedding, decode_openai_embedding, nullptr, nullptr},
      EmbeddingProvider{"compatible", 512, 0, encode_openai_embedding, decode_openai_embedding, nullptr, nullptr},
      EmbeddingProvider{"openrouter", 512, 0, encode_openai_embedding, decode_openrouter_embedding, nullptr, nullptr},
      EmbeddingProvider{"google", 100, 0, encode_google_embedding, decode_google_embedding, nullptr, nullptr},
      EmbeddingProvider{"cohere", 96, 0, encode_cohere_embedding, decode_cohere_embedding, probe_cohere,
                        judge_cohere_probe},
  };
  for (const EmbeddingProvider& provider : kTable)
    if (provider.name == name) return &provider;
  return nullptr;
}

std::vector<std::vector<std::string>> in_batches(const ModelSettings& model, std::vector<std::string> texts) {
  std::vector<std::vector<std::string>> batches;
  const EmbeddingProvider* provider = find_embedding_provider(model.provider);
  if (provider == nullptr) return batches;
  std::int64_t most = provider->tokens_max == 0 ? std::numeric_limits<std::int64_t>::max() : provider->tokens_max;
  for (const LimitSettings& limit : model.limits)
    if (limit.counts == LimitCounts::tokens || limit.counts == LimitCounts::input_tokens)
      most = std::min(most, limit.burst);
  std::int64_t tokens = 0;
  for (std::string& text : texts) {
    const std::int64_t more = estimate_tokens(text) + kTokensAround;
    if (batches.empty() || batches.back().size() == provider->texts_max || tokens + more > most) {
      batches.emplace_back();
      tokens = 0;
    }
    tokens += more;
    batches.back().push_back(std::move(text));
  }
  return batches;
}

}  // namespace weir
