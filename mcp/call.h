// The neutral values between the revisions of the protocol and the host: what is asked, what is answered, whatever the
// wire says.
// Shape:   `arguments` is always an object. Content blocks are JSON as MCP defines them ({"type":"text","text":...}).
// Threads: values; Sink, Asker and stop tokens may be used from any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <stop_token>
#include <string>
#include <variant>
#include <vector>

#include "mcp/offer.h"
#include "mcp/principal.h"

namespace weir::mcp {

// A JSON-RPC id: a string or a 64-bit integer; its JSON type is kept.
using RequestId = std::variant<std::string, std::int64_t, std::uint64_t>;

// syslog's, in its order; what is asked for and all above it goes out.
enum class LogLevel { debug, info, notice, warning, error, critical, alert, emergency };

// What may be asked, whatever a revision calls it.
struct Introduce {};  // server/discover
struct Initialize {
  Json client_capabilities = Json::object();
};
struct Ping {};
struct List {
  enum class Kind { tools, prompts, resources, templates };
  Kind kind = Kind::tools;
  std::optional<std::string> cursor;  // "" is a cursor too
};

// A request may take several rounds: the answer of one asks for input, the next brings it.
struct Round {
  Json answers = Json::object();     // by the keys of the NeedInput before; {} in the first round
  std::optional<std::string> state;  // what that NeedInput carried: sealed on the wire, opened for the host
};
struct ToolCall {
  std::string name;
  Json arguments = Json::object();
  Round round{};
};
struct PromptCall {
  std::string name;
  std::map<std::string, std::string> arguments;
  Round round{};
};
struct ResourceRead {
  std::string uri;
  Round round{};
};
struct Complete {
  enum class Of { prompt, resource };
  Of of = Of::prompt;
  std::string name;  // the prompt's, or the template's URI
  std::string argument, value;
  std::map<std::string, std::string> context;  // arguments that are known already
};
struct SetLevel {
  LogLevel level = LogLevel::info;
};
struct Watch {  // resources/subscribe and unsubscribe
  std::string uri;
  bool on = true;
};
struct Listen {  // subscriptions/listen
  bool tools = false, prompts = false, resources = false;
  std::vector<std::string> uris, tasks;
};
struct TaskCall {
  enum class What { get, update, cancel };
  What what = What::get;
  std::string id;
  Json answers = Json::object();  // of update
};
using Call = std::variant<Introduce, Initialize, Ping, List, ToolCall, PromptCall, ResourceRead, Complete, SetLevel,
                          Watch, Listen, TaskCall>;

struct ToolResult {
  Json content = Json::array();
  std::optional<Json> structured;
  bool is_error = false;
  Json meta = Json::object();  // own keys of the result's _meta, e.g. "weir/usage"
};
struct PromptResult {
  std::string description;
  Json messages = Json::array();  // [{"role":"user","content":{...}}]
};
struct ResourceContents {
  Json contents = Json::array();  // [{"uri":...,"mimeType":...,"text":...}], never empty
  Validity validity{};
};
struct Suggestions {
  std::vector<std::string> values;  // at most kMax go out
  static constexpr std::size_t kMax = 100;
};

// The answer to a round that cannot go on without the caller's input: what is asked, by keys of the host's choice.
struct NeedInput {
  Json requests = Json::object();  // {"name": {"method": "elicitation/create", "params": {...}}}
  std::optional<std::string> state;
};

// A failure of the protocol, not of the tool: unknown tool, malformed call, the server's fault.
struct ProtocolError {
  int code = -32603;
  std::string message;
  std::optional<Json> data;
  std::optional<std::int64_t> retry_after_s = {};  // over HTTP: the Retry-After header
};

using ToolReply = std::variant<ToolResult, NeedInput, ProtocolError>;
using PromptReply = std::variant<PromptResult, NeedInput, ProtocolError>;
using ReadReply = std::variant<ResourceContents, NeedInput, ProtocolError>;
using CompleteReply = std::variant<Suggestions, ProtocolError>;

struct Introduction {  // answers Introduce and Initialize
  std::string instructions;
  Capabilities capabilities;
  Validity validity{};
};
struct Done {};  // nothing to say: ping, setLevel, subscribe, tasks/cancel
struct Page {
  std::shared_ptr<const Offer> offer;
  List::Kind kind = List::Kind::tools;
  std::size_t first = 0, count = 0;
  std::optional<std::string> next_cursor{};
};
struct ListenEnd {
  RequestId id;
};
// A task, as its members on the wire are; `created` is the answer to the call that became it.
struct TaskView {
  Json members = Json::object();
  bool created = false;
};
using Answer = std::variant<Introduction, Done, Page, ToolResult, PromptResult, ResourceContents, Suggestions,
                            NeedInput, ListenEnd, TaskView, ProtocolError>;

// Where what overtakes the answer goes: progress and log notifications of one request. Does nothing when the caller
// asked for none. Calls after the answer are ignored.
class Sink {
 public:
  virtual ~Sink() = default;
  virtual bool wants_progress() const { return false; }
  virtual void progress(double done, std::optional<double> total, std::string_view message) = 0;
  virtual void log(LogLevel level, std::string_view logger, const Json& data) = 0;
};

// A caller that can be asked in the middle of a call (legacy revisions, over stdio only).
class Asker {
 public:
  virtual ~Asker() = default;
  // One request of a NeedInput; `done` gets the caller's result, or why there is none. Once, unless the call is
  // stopped.
  virtual void ask(const std::string& method, const Json& params,
                   std::function<void(std::variant<Json, ProtocolError>)> done) = 0;
};

struct Context {
  Principal principal{};
  std::stop_token stop{};        // asked to stop when the caller cancels, disconnects, or the server shuts down
  std::shared_ptr<Sink> sink{};  // never null
  Json client_capabilities = Json::object();
  Capabilities offered{};          // to this caller, on its transport
  bool takes_rounds = false;       // a NeedInput may be the answer
  std::shared_ptr<Asker> asker{};  // else it is asked here; null = input cannot be had
  std::string transport{};         // "http", "stdio"
  std::string traceparent{}, tracestate{};  // of params._meta, else of the HTTP headers; as they came, perhaps empty
};

}  // namespace weir::mcp
