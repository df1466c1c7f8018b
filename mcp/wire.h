// The shapes that all revisions of the protocol share: names, the members of a tool and of its result, the params of a
// call.
// Errors:  a decoder answers a ProtocolError (-32602) that names the member and what it should be.
// Threads: pure functions.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "mcp/call.h"

namespace weir::mcp {
struct Revision;
}

namespace weir::mcp::wire {

constexpr const char* kProtocolVersion = "io.modelcontextprotocol/protocolVersion";
constexpr const char* kClientCapabilities = "io.modelcontextprotocol/clientCapabilities";
constexpr const char* kLogLevel = "io.modelcontextprotocol/logLevel";
constexpr const char* kServerInfo = "io.modelcontextprotocol/serverInfo";
constexpr const char* kInitialize = "initialize";
constexpr const char* kDiscover = "server/discover";
constexpr const char* kCancelled = "notifications/cancelled";

using Params = std::variant<Call, ProtocolError>;

// A row of a revision's method table. `named_by` is the member of params that the Mcp-Name header mirrors; null = none.
struct Method {
  std::string_view name;
  Params (*decode)(const Json& params);
  const char* named_by = nullptr;
};
const Method* find(std::span<const Method> table, std::string_view name);
ProtocolError unknown_method(std::span<const Method> table, std::string_view name);

Params decode_introduce(const Json& params);
Params decode_initialize(const Json& params);
Params decode_ping(const Json& params);
Params decode_list_tools(const Json& params);
Params decode_tool_call(const Json& params);
// The progressToken of a request's params: a string or an integer; null when there is none.
std::variant<Json, ProtocolError> progress_token(const Json& params);

// What the server can do: only what works from end to end.
Json capabilities();
Json server_info(const Identity& identity);
Json tools(const Revision& revision, const ToolList& list);
Json result(const Revision& revision, const ToolResult& result);

}  // namespace weir::mcp::wire
