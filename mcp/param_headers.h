// Arguments that a tool wants mirrored in headers (`x-mcp-header` in a property of its input schema): what a gateway
// routes by must be what the server reads.
// Errors:  -32020, naming the header and what it should be.
// Threads: pure functions.
// Source:  MCP, Streamable HTTP transport, custom headers.
#pragma once

#include <optional>

#include "mcp/revision.h"
#include "mcp/transport.h"

namespace weir::mcp {

std::optional<Rejection> check_param_headers(const Inbound& inbound, const Json& input_schema, const Json& arguments);

}  // namespace weir::mcp
