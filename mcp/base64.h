// Base64, strictly: one text for each value (RFC 4648, canonical padding bits).
// Shape:   `standard` is §4 with padding; `url` is §5 without.
// Errors:  nothing, when it is not exactly that.
// Threads: pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace weir::mcp::base64 {

enum class Alphabet { standard, url };

std::string encode(std::string_view bytes, Alphabet alphabet);
std::optional<std::string> decode(std::string_view text, Alphabet alphabet);

}  // namespace weir::mcp::base64
