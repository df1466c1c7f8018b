#include "config/depth.h"

#include <algorithm>

namespace weir {
namespace {

// Where the string that opens at `at` ends: the index after it. An unclosed one ends at its line (or at the text's end,
// if it is a multi-line string): there the parser stops too.
std::size_t after_string(std::string_view toml, std::size_t at) {
  const char quote = toml[at];
  const bool multi_line = toml.substr(at, 3) == std::string_view(quote == '"' ? "\"\"\"" : "'''");
  std::size_t i = at + (multi_line ? 3 : 1);
  for (; i < toml.size(); ++i) {
    if (toml[i] == '\\' && quote == '"') {
      ++i;
    } else if (toml[i] == quote && !multi_line) {
      return i + 1;
    } else if (toml[i] == quote && toml.substr(i, 3) == toml.substr(at, 3)) {
      // Up to two quotes may stand directly before the closing three.
      i += 3;
      while (i < toml.size() && toml[i] == quote) ++i;
      return i;
    } else if (toml[i] == '\n' && !multi_line) {
      return i;
    }
  }
  return toml.size();
}

}  // namespace

std::optional<int> line_of_excess_depth(std::string_view toml, int key_parts_max, int bracket_depth_max) {
  int dots = 0, depth = 0;
  std::size_t i = 0;
  const auto line = [&] {
    return 1 + static_cast<int>(std::count(toml.begin(), toml.begin() + static_cast<long>(i), '\n'));
  };
  while (i < toml.size()) {
    const char c = toml[i];
    if (c == '"' || c == '\'') {
      i = after_string(toml, i);
      continue;
    }
    if (c == '#') {
      i = std::min(toml.find('\n', i), toml.size());
      continue;
    }
    if (c == '.') {
      if (++dots >= key_parts_max) return line();
    } else if (c == '[' || c == '{') {
      dots = 0;
      if (++depth > bracket_depth_max) return line();
    } else if (c == ']' || c == '}') {
      dots = 0;
      depth = std::max(depth - 1, 0);
    } else if (c == '=' || c == ',' || c == '\n') {
      dots = 0;
    }
    ++i;
  }
  return std::nullopt;
}

}  // namespace weir
