#include <fmt/format.h>

#include <algorithm>

#include "config/addresses.h"
#include "config/fields.h"
#include "config/secret_source.h"
#include "config/sections.h"

namespace weir {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kResourceNameBytesMax = 200;

void require_url(Fields& fields, const std::string& key, std::string& to, std::string_view what_it_is) {
  if (!fields.require_text(key, to, what_it_is)) return;
  if (const auto objection = object_to_trusted_url(to)) fields.mistake(*fields.find(key), key + ' ' + *objection);
}

// Query and user are refused with the base URLs; a JWKS address may have neither either.
void read_jwks(Fields& fields, AuthSettings& auth) {
  constexpr std::string_view kFile = "file:";
  if (!fields.require_text("jwks", auth.jwks,
                           "where the issuer's keys are, such as \"https://auth.example.com/jwks.json\" or "
                           "\"file:/path\"")) {
    return;
  }
  const auto objection =
      auth.jwks.starts_with(kFile) ? object_to_file(auth.jwks.substr(kFile.size())) : object_to_trusted_url(auth.jwks);
  if (objection) fields.mistake(*fields.find("jwks"), "jwks " + *objection);
}

}  // namespace

AuthSettings read_auth(const Node& table, Mistakes& mistakes) {
  Fields fields(table, "auth", mistakes);
  AuthSettings auth;
  auth.line = table.line;
  require_url(fields, "issuer", auth.issuer, "who makes the tokens, such as \"https://auth.example.com\"");
  require_url(fields, "audience", auth.audience,
              "this server's own address, as tokens name it, such as \"https://weir.example.com/mcp\"");
  read_jwks(fields, auth);
  fields.read("jwks_refresh", auth.jwks_refresh, {1min, 24h});
  read_scopes(fields, "scopes_supported", auth.scopes_supported);
  if (const auto& scopes = auth.scopes_supported;
      std::find(scopes.begin(), scopes.end(), "offline_access") != scopes.end()) {
    fields.mistake(*fields.find("scopes_supported"),
                   "scopes_supported has \"offline_access\", which is between a client and the issuer; leave it out");
  }
  if (fields.read("resource_name", auth.resource_name) && auth.resource_name.size() > kResourceNameBytesMax) {
    fields.mistake(*fields.find("resource_name"),
                   fmt::format("resource_name has more than {} bytes", kResourceNameBytesMax));
  }
  fields.reject_unknown();
  return auth;
}

}  // namespace weir
