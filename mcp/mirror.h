// The value of a header that mirrors a member of the body (Mcp-Name), decoded: itself, or, when it has the sentinel
// form =?base64?...?=, the bytes inside.
// Errors:  nothing, when what stands inside the sentinel is not canonical standard base64.
// Threads: a pure function.
// Source:  MCP, Streamable HTTP transport, value encoding.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace weir::mcp {

std::optional<std::string> decode_mirror(std::string_view value);

}  // namespace weir::mcp
