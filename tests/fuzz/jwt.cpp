// A bearer token → its claims → a principal, and an issuer's document → keys. What is read is within its bounds, and
// what nobody signed does not hold.
// Shape:   't' and a token's text; 'p' and its three parts, a line each, not yet encoded; else a JWKS document.
#include <algorithm>

#include "mcp/auth/claims.h"
#include "mcp/auth/key_set.h"
#include "mcp/base64.h"
#include "tests/fuzz/fuzz.h"

using namespace weir;

namespace {

// The example keys of RFC 7515 (A.2, A.3): no token of the corpus is signed with them.
constexpr const char* kKeys = R"({"keys":[{"kty":"EC","crv":"P-256",
  "x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"},
  {"kty":"RSA","e":"AQAB","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"}]})";

std::string encoded(std::string_view bytes) { return mcp::base64::encode(bytes, mcp::base64::Alphabet::url); }

std::string_view take_line(std::string_view& rest) {
  const auto end = std::min(rest.find('\n'), rest.size());
  const auto line = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return line;
}

void check_token(std::string_view text) {
  static const auto keys = mcp::KeySet::parse(kKeys).value();
  const auto token = mcp::parse_token(text);
  if (!token) return fuzz::claim(*token.error() != '\0', "a refusal has a reason");
  fuzz::claim(text.size() <= mcp::kTokenBytesMax, "a token is within its limit");
  fuzz::claim(token->signed_part + '.' + encoded(token->signature) == text, "a token has one form");
  fuzz::claim(keys.verify(*token) != mcp::KeySet::Verdict::holds, "what nobody signed does not hold");
  const auto& claims = token->claims;
  if (mcp::object_to_claims(claims, claims.issuer, "https://weir.example", 1'800'000'000) != nullptr) return;
  const auto name = mcp::principal_of(claims).name;
  fuzz::claim(name.starts_with("oauth:") || name.starts_with("oauth-client:"), "who calls is told apart by where from");
  fuzz::claim(!name.ends_with(':') || !claims.subject.empty() || !claims.client_id.empty(), "who calls has a name");
  const auto control = [](unsigned char c) { return c < 0x20; };
  fuzz::claim(std::none_of(name.begin(), name.end(), control), "a name fits a line of the log");
}

void check_keys(std::string_view document) {
  static const auto token =
      mcp::parse_token(encoded(R"({"alg":"ES256"})") + '.' + encoded("{}") + '.' + encoded(std::string(64, 'x')));
  const auto keys = mcp::KeySet::parse(document);
  if (!keys) return fuzz::claim(!keys.error().message.empty(), "a refusal has a reason");
  fuzz::claim(keys->size() >= 1 && keys->size() <= mcp::kKeysMax, "there are as many keys as may be");
  fuzz::claim(keys->verify(*token) != mcp::KeySet::Verdict::holds, "what nobody signed does not hold");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  auto input = fuzz::text_of(bytes, size);
  const auto kind = fuzz::take_byte(input);
  if (kind == 't') {
    check_token(input);
  } else if (kind == 'p') {
    const auto header = take_line(input), payload = take_line(input);
    check_token(encoded(header) + '.' + encoded(payload) + '.' + encoded(input));
  } else {
    check_keys(input);
  }
  return 0;
}
