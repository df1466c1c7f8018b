#include "mcp/auth/key_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "mcp/base64.h"

namespace weir::mcp {
namespace {

using Json = nlohmann::json;

std::string text_of(const Json& key, const char* name) {
  const auto at = key.find(name);
  return at != key.end() && at->is_string() ? at->get<std::string>() : std::string();
}

std::string bytes_of(const Json& key, const char* name) {
  return base64::decode(text_of(key, name), base64::Alphabet::url).value_or("");
}

bool is_for_verifying(const Json& key) {
  if (const auto use = key.find("use"); use != key.end() && *use != "sig") return false;
  const auto operations = key.find("key_ops");
  if (operations == key.end()) return true;
  return operations->is_array() && std::find(operations->begin(), operations->end(), "verify") != operations->end();
}

// A key with private parts in public is nobody's any more: `d` of RSA and EC.
std::optional<Key> usable(const Json& key) {
  if (!key.is_object() || !is_for_verifying(key) || key.contains("d")) return std::nullopt;
  const auto type = text_of(key, "kty"), algorithm = text_of(key, "alg");
  if (type == "RSA" && (algorithm.empty() || algorithm == "RS256"))
    return Key::rsa(bytes_of(key, "n"), bytes_of(key, "e"));
  if (type == "EC" && text_of(key, "crv") == "P-256" && (algorithm.empty() || algorithm == "ES256"))
    return Key::p256(bytes_of(key, "x"), bytes_of(key, "y"));
  return std::nullopt;
}

}  // namespace

Result<KeySet> KeySet::parse(std::string_view document) {
  if (document.size() > static_cast<std::size_t>(kKeySetBytesMax))
    return fail(Fault::bad_reply, fmt::format("the key set exceeds {} bytes", kKeySetBytesMax));
  const auto json = Json::parse(document, nullptr, false);
  const auto keys = json.is_object() ? json.find("keys") : json.end();
  if (!json.is_object() || keys == json.end() || !keys->is_array())
    return fail(Fault::bad_reply, "the key set is not a JSON object with an array \"keys\"");
  if (keys->size() > kKeysMax)
    return fail(Fault::bad_reply, fmt::format("the key set has {} keys; at most {} are taken", keys->size(), kKeysMax));
  KeySet set;
  for (const auto& each : *keys) {
    auto key = usable(each);
    if (!key) continue;
    const auto id = each.find("kid");
    set.keys_.push_back(
        {id != each.end() && id->is_string() ? std::optional(id->get<std::string>()) : std::nullopt, std::move(*key)});
  }
  if (set.keys_.empty())
    return fail(Fault::bad_reply,
                fmt::format("none of the {} keys of the key set is for RS256 (RSA, 2048 bits and more) "
                            "or ES256 (P-256)",
                            keys->size()));
  return set;
}

KeySet::Verdict KeySet::verify(const Token& token) const {
  const Key* found = nullptr;
  for (const auto& [id, key] : keys_) {
    if (token.key_id) {
      if (id != token.key_id) continue;
      // The key is known, so asking the issuer again would not help: the token claims what it cannot have.
      if (found == nullptr || key.algorithm() == token.algorithm) found = &key;
    } else if (key.algorithm() == token.algorithm) {
      if (found != nullptr) return Verdict::false_signature;
      found = &key;
    }
  }
  if (found == nullptr) return Verdict::unknown_key;
  const bool holds = found->algorithm() == token.algorithm && found->verify(token.signed_part, token.signature);
  return holds ? Verdict::holds : Verdict::false_signature;
}

}  // namespace weir::mcp
