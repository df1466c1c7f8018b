// Patterns as JSON Schema means them (ECMA 262, Unicode, anywhere in the text), run by RE2 in linear time.
// Shape:   \s, \uXXXX, \cX, \p{Letter} and (?<name>...) are rewritten to what RE2 knows by other names.
// Errors:  a sentence: what RE2 said, and that lookaround and back references are not supported.
// Bounds:  kPatternBytesMax bytes; a compiled pattern of 2 MiB.
// Threads: functions of values; a pattern is matched from any.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "tools/schema/nodes.h"

namespace weir::schema {

inline constexpr std::size_t kPatternBytesMax = 4096;

std::string re2_syntax(std::string_view ecma);
tl::expected<Pattern, std::string> compile_pattern(const std::string& ecma);
bool matches(const Pattern& pattern, std::string_view text);
std::uint64_t match_steps(const Pattern& pattern, std::string_view text);  // what a match may cost, in steps

}  // namespace weir::schema
