// The MCP endpoint over HTTP: one path, POST only, both eras, decided per message. Handed to HttpServer::route.
// It checks Host, Origin, method, media types and body, then revision, headers and params, then asks the host.
// Threads: operator() on connection threads; answers are encoded there.   Source: MCP 2026-07-28, Streamable HTTP; and legacy.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "mcp/host.h"
#include "mcp/transport.h"

namespace weir::mcp {

struct EndpointOptions {
  std::vector<std::string> allowed_hosts;    // Host values beside the loopback names (with or without port)
  std::vector<std::string> allowed_origins;  // Origin values; absent Origin is always accepted
  bool loopback = true;                      // bound to a loopback address: localhost, 127.0.0.1, [::1] are good hosts
};

Handler http_endpoint(Host& host, EndpointOptions options);

}  // namespace weir::mcp
