// What WWW-Authenticate says when a request may not pass: how to get a token, or a better one.
// Shape:   `resource_metadata_url` empty = no authorization server is configured; then clients have fixed tokens.
// Threads: pure functions.
// Source:  RFC 6750 §3, RFC 9728 §5.1, MCP authorization.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace weir::mcp {

// With 401 when there is no token. `scopes`: what a first token should have.
std::string missing_token_challenge(const std::string& resource_metadata_url, const std::vector<std::string>& scopes);
// With 401 when the token does not hold.
std::string invalid_token_challenge(const std::string& resource_metadata_url, const std::vector<std::string>& scopes,
                                    std::string_view description);
// With 400 when the Authorization header cannot be read.
std::string invalid_request_challenge(const std::string& resource_metadata_url, std::string_view description);
// With 403. `scopes`: all that the operation needs, so that one more round to the issuer is enough.
std::string insufficient_scope_challenge(const std::string& resource_metadata_url,
                                         const std::vector<std::string>& scopes);

}  // namespace weir::mcp
