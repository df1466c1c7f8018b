// The neutral values between the revisions of the protocol and the host: what is asked, what is answered, whatever the
// wire says.
// Shape:   `arguments` is always an object. Content blocks are JSON as MCP defines them ({"type":"text","text":...}).
// Threads: values; Sink and stop tokens may be used from any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <stop_token>
#include <string>
#include <variant>
#include <vector>

namespace weir::mcp {

using Json = nlohmann::json;

// A JSON-RPC id: a string or a 64-bit integer; its JSON type is kept.
using RequestId = std::variant<std::string, std::int64_t, std::uint64_t>;

struct Identity {  // serverInfo
  std::string name, title, version;
};

struct ToolDefinition {
  std::string name, title, description;
  Json input_schema;
  std::optional<Json> output_schema;
  Json annotations = Json::object();  // empty = none
};

// What may be asked, whatever a revision calls it.
struct Introduce {};  // server/discover
struct Initialize {};
struct Ping {};
struct ListTools {
  std::optional<std::string> cursor;  // "" is a cursor too
};
struct ToolCall {
  std::string name;
  Json arguments = Json::object();
};

struct ToolResult {
  Json content = Json::array();
  std::optional<Json> structured;
  bool is_error = false;
  Json meta = Json::object();  // own keys of the result's _meta, e.g. "weir/usage"
};

// A failure of the protocol, not of the tool: unknown tool, malformed call, the server's fault.
struct ProtocolError {
  int code = -32603;
  std::string message;
  std::optional<Json> data;
};

using ToolReply = std::variant<ToolResult, ProtocolError>;

using Call = std::variant<Introduce, Initialize, Ping, ListTools, ToolCall>;

struct Introduction {  // answers Introduce and Initialize
  std::string instructions;
};
struct Pong {};
struct ToolList {
  std::vector<ToolDefinition> tools;
};
using Answer = std::variant<Introduction, Pong, ToolList, ToolResult, ProtocolError>;

// Where what overtakes the answer goes: progress and log notifications of one request. Does nothing when the caller
// asked for none. Calls after the answer are ignored.
class Sink {
 public:
  virtual ~Sink() = default;
  virtual void progress(double done, std::optional<double> total, std::string_view message) = 0;
  virtual void log(std::string_view level, std::string_view logger, const Json& data) = 0;
};

struct Context {
  std::string principal = "anonymous";
  std::stop_token stop;        // asked to stop when the caller cancels, disconnects, or the server shuts down
  std::shared_ptr<Sink> sink;  // never null
  Json client_capabilities = Json::object();
};

}  // namespace weir::mcp
