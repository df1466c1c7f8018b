// Where clients learn which authorization server has tokens for this server: the protected resource metadata.
// Shape:   GET, without a token, from any origin: it says nothing that is not public.
// Threads: pure functions; the handler from any.
// Source:  RFC 9728 §2, §3; MCP authorization.
#pragma once

#include <string>
#include <vector>

#include "config/config.h"
#include "mcp/transport.h"

namespace weir::mcp {

// "https://host/mcp" → "https://host/.well-known/oauth-protected-resource/mcp"
std::string metadata_url(const std::string& audience);
// Where it is served: at the root, for /mcp, and for the audience's path when a proxy gave it another.
std::vector<std::string> metadata_paths(const std::string& audience);
Handler metadata_handler(const AuthSettings& auth);

}  // namespace weir::mcp
