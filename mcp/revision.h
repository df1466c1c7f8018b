// The revisions of the protocol that are served, and which of them a message speaks. A revision is a row: what it reads
// and how it writes; a method that it lacks is absent from its own table. Modern revisions carry their version and the
// client's capabilities in every request; legacy ones begin with a handshake. Nothing but this table and rev_* knows a
// date.
// Invariant: the era is a property of the message: nothing but the version that a handshake agreed on (stdio only) is
//           remembered.
// Errors:  a Rejection is an error with the HTTP status that goes with it; over stdio the status means nothing.
// Threads: values and pure functions; rows live as long as the program.
// Source:  MCP, versioning; error codes.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "mcp/call.h"
#include "mcp/jsonrpc.h"

namespace weir::mcp {

// The headers that mirror the body (HTTP only). A header given more than once is as bad as a wrong one.
struct MirrorHeader {
  int count = 0;
  std::string value;
};
struct MirrorHeaders {
  MirrorHeader version, method, name;
};

// What is offered on one transport, to the callers of either era.
struct Offered {
  Capabilities modern, legacy;
};

struct Rejection {
  int status = 400;
  ProtocolError error;
};

// A request, decoded: the call, and what its envelope says about it.
struct DecodedRequest {
  Call call;
  Json progress_token;  // null = the caller wants no progress
  Json client_capabilities = Json::object();
  std::optional<LogLevel> log_level;  // nothing below it is to be told; absent = nothing at all
  std::string traceparent{}, tracestate{};  // of _meta, as they came; empty = none
};
using Decoded = std::variant<DecodedRequest, Rejection>;

struct Revision {
  std::string_view date;
  bool handshake = false;      // legacy: initialize instead of an envelope in each request
  bool batches = false;        // arrays of messages may be received
  bool audio = true;           // content blocks of this type exist; else they become text
  bool resource_links = true;  // the same
  bool structured = true;      // outputSchema and structuredContent exist
  bool elicitation = true;     // the caller may be asked to fill in a form
  // `headers` is null over stdio, and for an element of a batch.
  // A method whose capability is not offered does not exist.
  Decoded (*decode)(const Revision& self, const Message& request, const MirrorHeaders* headers,
                    const Capabilities& offered) = nullptr;
  // The `result` member for any answer but a ProtocolError.
  Json (*encode)(const Revision& self, const Answer& answer, const Identity& identity) = nullptr;
  // The error as this revision has it, and the HTTP status that goes with it.
  Rejection (*error)(ProtocolError error) = nullptr;

  const Capabilities& of(const Offered& offered) const { return handshake ? offered.legacy : offered.modern; }
};

// All that are served, newest first.
std::span<const Revision* const> revisions();
const Revision* find_revision(std::string_view date);  // null = not served
// Their dates as a JSON array, newest first.
Json supported_versions();

using Classified = std::variant<const Revision*, Rejection>;

// Which revision answers this request. `headers` is null over stdio; `agreed` is what the last initialize on this pipe
// agreed on (null over HTTP, and before the first). For an initialize the answer is the version that it agrees on.
Classified classify(const Message& request, const MirrorHeaders* headers, const Revision* agreed);
// Which revision answers this array of messages; only a legacy one can.
Classified classify(const Batch& batch, const MirrorHeaders* headers, const Revision* agreed);

// Both steps at once: which revision, and what it asks.
struct Understood {
  const Revision* revision;
  DecodedRequest request;
};
using Understanding = std::variant<Understood, Rejection>;
Understanding understand(const Message& request, const MirrorHeaders* headers, const Revision* agreed,
                         const Offered& offered);

// The whole message that answers a request.
Json answer_message(const Revision& revision, const RequestId& id, const Answer& answer, const Identity& identity);

// Whether the version that the header names, if any, is a modern one.
bool names_modern(const MirrorHeader& version);

}  // namespace weir::mcp
