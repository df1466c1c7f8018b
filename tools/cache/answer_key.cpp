#include "tools/cache/answer_key.h"

#include <openssl/evp.h>

#include "tools/cache/packing.h"
#include "tools/providers/embedding.h"

namespace weir {
namespace {

constexpr std::uint64_t kVersion = 1;  // of what is kept by it: answers of another are not found

std::optional<HttpRequest> request_for(const ModelSettings& model, const Prompt& prompt) {
  if (prompt.embed) {
    const EmbeddingProvider* provider = find_embedding_provider(model.provider);
    return provider == nullptr ? std::nullopt : std::optional(provider->encode(model, *prompt.embed));
  }
  const Provider* provider = find_provider(model);
  return provider == nullptr ? std::nullopt : std::optional(provider->encode(model, prompt, false));
}

}  // namespace

std::optional<AnswerKey> answer_key(const ModelSettings& model, const Prompt& prompt, std::string_view name_space) {
  const auto request = request_for(model, prompt);
  if (!request) return std::nullopt;
  Packer packer;
  packer.number(kVersion);
  packer.text(name_space);
  packer.text(model.provider);
  packer.text(request->method);
  packer.text(request->url);
  packer.text(request->body);
  packer.number(prompt.format ? 1 : 0);
  packer.text(prompt.format ? prompt.format->schema : "");
  AnswerKey key;
  const std::string& bytes = packer.bytes();
  if (EVP_Digest(bytes.data(), bytes.size(), key.digest.data(), nullptr, EVP_sha256(), nullptr) != 1)
    return std::nullopt;
  return key;
}

}  // namespace weir
