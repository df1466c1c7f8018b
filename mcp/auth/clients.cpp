#include "mcp/auth/clients.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

namespace weir::mcp {

Clients::Digest Clients::digest_of(std::string_view token) {
  Digest digest;
  static_assert(digest.size() == SHA256_DIGEST_LENGTH);
  SHA256(reinterpret_cast<const unsigned char*>(token.data()), token.size(), digest.data());
  return digest;
}

Clients::Clients(const std::map<std::string, ClientSettings>& settings) {
  for (const auto& [name, client] : settings) {
    const Principal principal{.name = name, .scopes = client.scopes};
    if (client.token) clients_.push_back({digest_of(client.token->reveal()), principal});
    if (!client.subject.empty()) by_subject_.emplace(client.subject, principal);
  }
}

Principal Clients::known_by(const std::string& subject, Principal issued) const {
  const auto at = by_subject_.find(subject);
  if (at == by_subject_.end()) return issued;
  issued.name = at->second.name;
  if (issued.scopes)
    std::erase_if(*issued.scopes, [&](const std::string& scope) { return !at->second.may({scope}); });
  else
    issued.scopes = at->second.scopes;
  return issued;
}

std::optional<Principal> Clients::find(std::string_view token) const {
  const auto digest = digest_of(token);
  const Client* found = nullptr;
  for (const auto& client : clients_) {
    if (CRYPTO_memcmp(client.digest.data(), digest.data(), digest.size()) == 0) found = &client;
  }
  return found != nullptr ? std::optional(found->principal) : std::nullopt;
}

}  // namespace weir::mcp
