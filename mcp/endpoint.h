// The MCP endpoint over HTTP: one path, POST only, both eras, decided per message. Handed to HttpServer::route. It
// checks Host, Origin, method, media types and body, then revision, headers, params and scopes, then asks the
// dispatcher: whatever needs a status of its own is settled before the first byte goes out.
// Answers: one JSON body; or, when progress or logs were asked for and come before the answer, a stream of events that
//          ends with it; a subscription is a stream from the start.
// Cancel:  a modern caller cancels by going away. In a legacy revision that means nothing: the call goes on.
// Threads: operator() on connection threads; answers are encoded there. The dispatcher must outlive the calls.
// Source:  MCP, Streamable HTTP transport.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "mcp/dispatcher.h"
#include "mcp/transport.h"

namespace weir::mcp {

struct EndpointOptions {
  std::vector<std::string> allowed_hosts = {};    // Host values beside the loopback names (with or without port)
  std::vector<std::string> allowed_origins = {};  // Origin values; absent Origin is always accepted
  bool loopback = true;  // bound to a loopback address: localhost, 127.0.0.1, [::1] are good hosts
  // Legacy callers get logs from info on, asked for or not: without a session setLevel cannot be remembered.
  bool legacy_logging = false;
  std::string resource_metadata = {};  // the URL that challenges name (RFC 9728); empty = none
};

// What a connection too many is told, as JSON-RPC: for HttpOptions::busy_body.
std::string busy_message();

Handler http_endpoint(Dispatcher& dispatcher, EndpointOptions options);

}  // namespace weir::mcp
