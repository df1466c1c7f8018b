// What the claims of a token whose signature holds must say, and who it speaks for.
// Units:   seconds since 1970.
// Threads: functions.
// Source:  RFC 7519 §4.1, RFC 9068 §4, MCP authorization (audience).
#pragma once

#include <string>

#include "mcp/auth/token.h"
#include "mcp/principal.h"

namespace weir::mcp {

inline constexpr NumericDate kLeeway = 60;  // clocks differ

// What is wrong, or null. `audience` is this server's canonical URI: its scheme and host compare without case, and a
// slash at its end does not matter.
const char* object_to_claims(const Claims& claims, const std::string& issuer, const std::string& audience,
                             NumericDate now);
// "oauth:SUB", or "oauth-client:CLIENT_ID" where there is no subject. The prefix keeps an issuer's subjects apart from
// the names of [clients.NAME], which have no colon; a client that has this `subject` is told from it later (clients.h).
Principal principal_of(const Claims& claims);

std::string canonical_uri(std::string_view uri);

}  // namespace weir::mcp
