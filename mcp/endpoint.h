// The MCP endpoint over HTTP: one path, POST only, both eras, decided per message. Handed to HttpServer::route. It
// checks Host, Origin, method, media types and body, then revision, headers and params, then asks the host: whatever
// needs a status of its own is settled before the first byte goes out.
// Answers: one JSON body; or, when progress was asked for and comes before the answer, a stream of events that ends
//          with it.
// Cancel:  a modern caller cancels by going away. In a legacy revision that means nothing: the call goes on.
// Threads: operator() on connection threads; answers are encoded there. The host must outlive the calls it was given.
// Source:  MCP, Streamable HTTP transport.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "limiter/loop.h"
#include "mcp/host.h"
#include "mcp/transport.h"

namespace weir::mcp {

struct EndpointOptions {
  std::vector<std::string> allowed_hosts = {};    // Host values beside the loopback names (with or without port)
  std::vector<std::string> allowed_origins = {};  // Origin values; absent Origin is always accepted
  bool loopback = true;         // bound to a loopback address: localhost, 127.0.0.1, [::1] are good hosts
  const Loop* clock = nullptr;  // for the rate of progress notifications; null = not limited
};

Handler http_endpoint(Host& host, EndpointOptions options);

}  // namespace weir::mcp
