// JSON-RPC 2.0 between bytes and messages. Whatever comes in is a message, a batch of them, or an error to send back.
// Invariant: never recurses by the input: nesting and the number of values are bounded while parsing.
// Shape:   `params` is always an object ({} when absent). An id keeps its JSON type and all of its 64 bits; an id that
//          is null, fractional or anything else makes the message malformed. So does a member given twice: two readers
//          could disagree on which one counts.
// Errors:  Malformed carries -32700 (not JSON, or not UTF-8) or -32600 (JSON, but no request), and the id if it can be
//          read.
// Threads: values and pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "mcp/call.h"

namespace weir::mcp {

namespace code {
constexpr int kParseError = -32700;
constexpr int kInvalidRequest = -32600;
constexpr int kMethodNotFound = -32601;
constexpr int kInvalidParams = -32602;
constexpr int kInternalError = -32603;
// Whatever a revision makes of it: some have a code of their own.
constexpr int kResourceNotFound = -32002;
// An application's own, outside of what JSON-RPC and MCP reserve: the server is full.
constexpr int kFull = 503;
constexpr int kHeaderMismatch = -32020;
constexpr int kMissingClientCapability = -32021;
constexpr int kUnsupportedProtocolVersion = -32022;
}  // namespace code

struct Message {
  enum class Kind { request, notification, response };
  Kind kind = Kind::request;
  std::optional<RequestId> id;  // of a request always, of a notification never
  std::string method;           // empty for a response
  Json params = Json::object();
  Json outcome = {};    // of a response: its result, or its error
  bool failed = false;  // it is an error
};

struct Malformed {
  ProtocolError error;
  std::optional<RequestId> id;
};

using Element = std::variant<Message, Malformed>;
using Batch = std::vector<Element>;
using Parsed = std::variant<Message, Malformed, Batch>;

struct ParseBounds {
  int depth_max = 64;
  int values_max = 500'000;  // a parsed value takes some 30 times the room of its shortest text
};

Parsed parse(std::string_view bytes, ParseBounds bounds = {});

// The id as JSON; and a JSON value as an id, if it may be one.
Json to_json(const RequestId& id);
std::optional<RequestId> to_id(const Json& value);

Json response(const RequestId& id, Json result);
Json response(const std::optional<RequestId>& id, const ProtocolError& error);  // without an id the member is left out
Json notification(std::string_view method, Json params);

// One line of UTF-8; bytes of ours that are not UTF-8 (an upstream's message, say) are replaced, never thrown over.
std::string to_text(const Json& json);

}  // namespace weir::mcp
