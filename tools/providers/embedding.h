// Texts in, vectors out: the providers that embed. As provider.h, a table of pure functions; embeddings come whole.
// Shape:   one vector for each text, in their order, all of one length.
// Errors:  a CallError, as provider.h says; a vector too few, or a number that is none, is a bad reply.
// Threads: pure functions.
// Source:  PROVIDERS of the design notes; golden files under tests/tools/golden/.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tools/providers/provider.h"

namespace weir {

enum class EmbedPurpose { document, query, similarity, classification, clustering };

struct EmbedPrompt {
  std::vector<std::string> texts{};
  EmbedPurpose purpose = EmbedPurpose::document;  // what OpenAI does not ask for
  std::optional<int> dimensions{};                // absent = the model's own
};

struct Embeddings {
  std::vector<std::vector<float>> vectors{};
  std::optional<std::int64_t> input_tokens{};  // absent when the provider does not say
  std::string model{}, request_id{};
};

Completion completion_of(Embeddings embeddings);

struct EmbeddingProvider {
  std::string_view name;
  std::size_t texts_max;    // in one request
  std::int64_t tokens_max;  // of all texts of one request; 0 = not limited
  HttpRequest (*encode)(const ModelSettings& model, const EmbedPrompt& prompt);
  // `texts`: how many were sent.
  tl::expected<Embeddings, CallError> (*decode)(const HttpResponse& response, std::size_t texts);
  // As of Provider; null where the provider answers prompts too, and is tried as that.
  HttpRequest (*probe)(const ModelSettings& model);
  std::optional<CallError> (*judge_probe)(const ModelSettings& model, const HttpResponse& response);
};

// Null for a provider that does not embed.
const EmbeddingProvider* find_embedding_provider(std::string_view name);

// The texts in their order, cut into requests that the provider takes and that the model's limits admit; tokens counted
// as estimate() does. A text too long for any request is one of its own, to be refused by name. None for a provider
// that does not embed.
std::vector<std::vector<std::string>> in_batches(const ModelSettings& model, std::vector<std::string> texts);

}  // namespace weir
