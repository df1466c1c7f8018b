// base64url without padding, as JOSE writes it, read strictly: one text for each sequence of bytes.
// Threads: a function.   Source: RFC 4648 §5, RFC 7515 §2.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace weir::mcp {

// Nothing for padding, other characters, an impossible length, or bits behind the last byte that are not zero.
std::optional<std::string> from_base64url(std::string_view text);

}  // namespace weir::mcp
