#include "mcp/request_state.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <stdexcept>

#include "mcp/base64.h"
#include "mcp/jsonrpc.h"
#include "mcp/random.h"

namespace weir::mcp {
namespace {

constexpr char kVersion = 1;
constexpr std::size_t kDigestBytes = 32, kHeadBytes = 1 + 8 + kDigestBytes;

std::string sha256(std::string_view bytes) {
  std::string digest(kDigestBytes, '\0');
  unsigned size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(digest.data()), &size, EVP_sha256(),
                 nullptr) != 1)
    throw std::runtime_error("OpenSSL has no SHA-256");
  return digest;
}

std::string hmac(const std::string& key, std::string_view bytes) {
  std::string code(kDigestBytes, '\0');
  unsigned size = 0;
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(bytes.data()),
           bytes.size(), reinterpret_cast<unsigned char*>(code.data()), &size) == nullptr)
    throw std::runtime_error("OpenSSL has no HMAC-SHA-256");
  return code;
}

std::int64_t seconds(WallTime time) {
  return std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count();
}

// Length before each part, so that no two requests have one text.
std::string joined(std::initializer_list<std::string> parts) {
  std::string text;
  for (const auto& part : parts) text += std::to_string(part.size()) + ":" + part;
  return text;
}

}  // namespace

StateSeal StateSeal::with_random_key() { return StateSeal(random_bytes(kKeyBytesMin)); }

std::string StateSeal::seal(std::string_view payload, std::string_view bound_to, WallTime now) const {
  std::string state(1, kVersion);
  const auto expiry = static_cast<std::uint64_t>(seconds(now) + kLifetime.count());
  for (int shift = 56; shift >= 0; shift -= 8) state.push_back(static_cast<char>((expiry >> shift) & 0xff));
  state += sha256(bound_to);
  state += payload;
  state += hmac(key_, state);
  return base64::encode(state, base64::Alphabet::url);
}

Result<std::string> StateSeal::open(std::string_view sealed, std::string_view bound_to, WallTime now) const {
  const auto refused = [](const char* why) { return tl::unexpected(Error{Fault::bad_input, why}); };
  const auto state = base64::decode(sealed, base64::Alphabet::url);
  if (!state || state->size() < kHeadBytes + kDigestBytes || state->front() != kVersion)
    return refused("params.requestState is not one that this server gave out");
  const auto signed_part = std::string_view(*state).substr(0, state->size() - kDigestBytes);
  const auto code = hmac(key_, signed_part);
  if (CRYPTO_memcmp(code.data(), state->data() + signed_part.size(), kDigestBytes) != 0)
    return refused("params.requestState is not one that this server gave out");
  std::uint64_t expiry = 0;
  for (int i = 1; i <= 8; ++i)
    expiry = (expiry << 8) | static_cast<std::uint8_t>((*state)[static_cast<std::size_t>(i)]);
  if (seconds(now) > static_cast<std::int64_t>(expiry))
    return refused("params.requestState has expired; call again without it");
  if (signed_part.substr(9, kDigestBytes) != sha256(bound_to))
    return refused("params.requestState belongs to another request");
  return std::string(signed_part.substr(kHeadBytes));
}

std::string binding(const Principal& principal, const ToolCall& call) {
  return joined({principal.name, "tools/call", call.name, to_text(call.arguments)});
}

std::string binding(const Principal& principal, const PromptCall& call) {
  return joined({principal.name, "prompts/get", call.name, to_text(Json(call.arguments))});
}

std::string binding(const Principal& principal, const ResourceRead& call) {
  return joined({principal.name, "resources/read", call.uri});
}

}  // namespace weir::mcp
