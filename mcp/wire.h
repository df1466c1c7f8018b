// The shapes that all revisions of the protocol share: names, the params of their methods, the members of what is
// listed and answered.
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
constexpr const char* kSubscriptionId = "io.modelcontextprotocol/subscriptionId";
constexpr const char* kTasks = "io.modelcontextprotocol/tasks";
constexpr const char* kInitialize = "initialize";
constexpr const char* kDiscover = "server/discover";
constexpr const char* kCancelled = "notifications/cancelled";

using Params = std::variant<Call, ProtocolError>;

// A row of a revision's method table. `offered` says whether a server with these capabilities has it; null = always.
// `named_by` is the member of params that the Mcp-Name header mirrors; null = none.
struct Method {
  std::string_view name;
  Params (*decode)(const Json& params);
  bool (*offered)(const Capabilities&) = nullptr;
  const char* named_by = nullptr;
};
// The row, if there is one and what it needs is offered.
const Method* find(std::span<const Method> table, std::string_view name, const Capabilities& offered);
ProtocolError unknown_method(std::span<const Method> table, std::string_view name, const Capabilities& offered);

Params decode_introduce(const Json& params);
Params decode_initialize(const Json& params);
Params decode_ping(const Json& params);
Params decode_list_tools(const Json& params);
Params decode_list_prompts(const Json& params);
Params decode_list_resources(const Json& params);
Params decode_list_templates(const Json& params);
Params decode_tool_call(const Json& params);
Params decode_prompt_call(const Json& params);
Params decode_resource_read(const Json& params);
Params decode_complete(const Json& params);
Params decode_set_level(const Json& params);
Params decode_subscribe(const Json& params);
Params decode_unsubscribe(const Json& params);
Params decode_listen(const Json& params);
Params decode_get_task(const Json& params);
Params decode_update_task(const Json& params);
Params decode_cancel_task(const Json& params);

// The progressToken of a request's params: a string or an integer; null when there is none.
std::variant<Json, ProtocolError> progress_token(const Json& params);
std::optional<LogLevel> log_level(const Json& name);
std::string_view name(LogLevel level);
// "debug, info, ...", for messages.
std::string log_levels();

// "tools", "prompts", "resources", "resourceTemplates": the member of a list's result.
const char* member_of(List::Kind kind);
Json page(const Revision& revision, const Page& page);
Json result(const Revision& revision, const ToolResult& result);
Json result(const Revision& revision, const PromptResult& result);
Json result(const Suggestions& suggestions);
Json capabilities(const Revision& revision, const Capabilities& offered);
Json server_info(const Identity& identity);
Json log_params(LogLevel level, std::string_view logger, const Json& data);

}  // namespace weir::mcp::wire
