// Who may talk to the endpoint, by Host and Origin: the defence against DNS rebinding, where a web page makes a browser
// talk to a server on the loopback interface under the page's own name.
// Threads: pure functions.
// Source:  MCP, Streamable HTTP transport, security.
#pragma once

#include <string>
#include <string_view>

#include "mcp/endpoint.h"

namespace weir::mcp {

// Loopback names (with any port) when bound to loopback; else what is allowed, an entry without a port meaning any
// port.
bool good_host(const EndpointOptions& options, std::string_view host);
// What is allowed; on loopback also the origin that the (good) Host header names itself. Never "null".
bool good_origin(const EndpointOptions& options, std::string_view origin, std::string_view host);

}  // namespace weir::mcp
