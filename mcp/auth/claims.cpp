#include "mcp/auth/claims.h"

#include <algorithm>
#include <cctype>

namespace weir::mcp {

std::string canonical_uri(std::string_view uri) {
  std::string canonical(uri);
  const auto scheme_end = canonical.find("://");
  if (scheme_end == canonical.npos) return canonical;
  const auto host_end = std::min(canonical.find('/', scheme_end + 3), canonical.size());
  std::transform(canonical.begin(), canonical.begin() + static_cast<std::ptrdiff_t>(host_end), canonical.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  if (canonical.ends_with('/')) canonical.pop_back();
  return canonical;
}

const char* object_to_claims(const Claims& claims, const std::string& issuer, const std::string& audience,
                             NumericDate now) {
  if (claims.issuer != issuer) return "the token is of another issuer";
  const auto ours = canonical_uri(audience);
  if (std::none_of(claims.audience.begin(), claims.audience.end(),
                   [&](const std::string& each) { return canonical_uri(each) == ours; }))
    return "the token is for another audience";
  if (!claims.expires) return "the token has no expiry";
  if (now >= *claims.expires + kLeeway) return "the token has expired";
  if (claims.not_before && now < *claims.not_before - kLeeway) return "the token is not valid yet";
  if (claims.subject.empty() && claims.client_id.empty()) return "the token names neither a subject nor a client";
  return nullptr;
}

Principal principal_of(const Claims& claims) {
  return {.name = claims.subject.empty() ? "oauth-client:" + claims.client_id : "oauth:" + claims.subject,
          .scopes = claims.scopes};
}

}  // namespace weir::mcp
