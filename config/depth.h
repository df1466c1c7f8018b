// How deep a TOML text nests, before it is parsed: toml++ 3.3 bounds the depth of inline values only, and destroys a
// table nested by dotted keys recursively, so that one line of a megabyte of "a." overflows the stack.
// Threads: a function.
#pragma once

#include <optional>
#include <string_view>

namespace weir {

// The line at which a key has more than `key_parts_max` parts, or brackets nest deeper than `bracket_depth_max`; else
// nothing. Counts at least what a parser would: text that is no TOML may be counted too deep, never too shallow.
std::optional<int> line_of_excess_depth(std::string_view toml, int key_parts_max, int bracket_depth_max);

}  // namespace weir
