#include "tools/catalog/fence.h"

#include <algorithm>
#include <cstdint>
#include <set>

namespace weir {
namespace {

constexpr std::uint64_t kNumberMax = 1'000'000'000;  // a text has not the bytes to hold all up to here

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool begins_with(std::string_view text, std::string_view name) {
  return text.size() >= name.size() &&
         std::equal(name.begin(), name.end(), text.begin(), [](char a, char b) { return lower(a) == lower(b); });
}

std::string_view without_spaces(std::string_view text) {
  return text.substr(std::min(text.find_first_not_of(" \t\r\n\v\f"), text.size()));
}

// Which marks the text could close: 0 for the name alone, n for name_n; "</text_12" could be meant for 1 and for 12.
std::set<std::uint64_t> closed_by(std::string_view name, std::string_view text) {
  std::set<std::uint64_t> closed;
  for (std::size_t at = text.find('<'); at != text.npos; at = text.find('<', at + 1)) {
    std::string_view rest = without_spaces(text.substr(at + 1));
    if (!rest.starts_with('/')) continue;
    rest = without_spaces(rest.substr(1));
    if (!begins_with(rest, name)) continue;
    closed.insert(0);
    rest.remove_prefix(name.size());
    if (!rest.starts_with('_')) continue;
    rest.remove_prefix(1);
    std::uint64_t number = 0;
    for (const char c : rest) {
      if (c < '0' || c > '9' || number > kNumberMax) break;
      number = number * 10 + static_cast<std::uint64_t>(c - '0');
      if (number == 0) break;  // no mark has leading zeros
      closed.insert(number);
    }
  }
  return closed;
}

}  // namespace

std::string fenced(std::string_view name, std::string_view text) {
  const auto closed = closed_by(name, text);
  std::string mark(name);
  if (!closed.empty()) {
    std::uint64_t free = 1;
    while (closed.contains(free)) ++free;
    mark += "_" + std::to_string(free);
  }
  std::string marked;
  marked.reserve(text.size() + 2 * mark.size() + 7);
  return marked.append("<").append(mark).append(">\n").append(text).append("\n</").append(mark).append(">");
}

}  // namespace weir
