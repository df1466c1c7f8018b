// One resource of a server that runs, read over MCP: how the commands ask it.
// Errors:  what came instead, with what would be right.
// Threads: functions of values.
#pragma once

#include <iosfwd>
#include <optional>
#include <string>

#include "config/config.h"
#include "config/result.h"
#include "config/secret.h"
#include "tools/http/client.h"

namespace weir::mcp {

// Where a command asks, and with what.
struct AskedServer {
  std::string url;                // "http://127.0.0.1:8787/mcp"
  std::optional<Secret> token{};  // sent as a bearer token
};
// Takes the token from its source ("env:NAME", "file:/path"; empty = none).
Result<AskedServer> asked_server(std::string url, const std::string& token, const Environment& environment);

HttpRequest reading(const std::string& url, const std::optional<Secret>& token, const std::string& uri);
// The resource's text.
Result<std::string> text_read(const HttpResult& result);

}  // namespace weir::mcp
