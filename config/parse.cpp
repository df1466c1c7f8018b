// The one file that knows toml++. Its exceptions end here.
#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>

#include "config/depth.h"
#include "config/document.h"
#include "config/mistakes.h"

namespace weir {
namespace {

NodeKind kind_of(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::string:
      return NodeKind::string;
    case toml::node_type::integer:
      return NodeKind::integer;
    case toml::node_type::floating_point:
      return NodeKind::number;
    case toml::node_type::boolean:
      return NodeKind::boolean;
    case toml::node_type::array:
      return NodeKind::array;
    case toml::node_type::table:
      return NodeKind::table;
    default:
      return NodeKind::date;  // dates, times and both
  }
}

// Recursive, but never deeper than line_of_excess_depth() let through.
Node copy(const toml::node& from, int line_of_key) {
  Node node;
  node.kind = kind_of(from);
  node.line = from.source().begin ? static_cast<int>(from.source().begin.line) : line_of_key;
  if (const auto* text = from.as_string()) node.text = text->get();
  if (const auto* integer = from.as_integer()) node.integer = integer->get();
  if (const auto* number = from.as_floating_point()) node.number = number->get();
  if (const auto* boolean = from.as_boolean()) node.boolean = boolean->get();
  if (const auto* array = from.as_array()) {
    for (const toml::node& item : *array) node.items.push_back(copy(item, node.line));
  }
  if (const auto* table = from.as_table()) {
    std::vector<std::pair<toml::source_position, Entry>> members;  // toml++ sorts them by name
    for (auto&& [key, value] : *table) {
      const toml::source_position at = key.source().begin;
      const int line = at ? static_cast<int>(at.line) : node.line;
      members.emplace_back(at, Entry{std::string(key.str()), copy(value, line)});
    }
    std::stable_sort(members.begin(), members.end(), [](const auto& a, const auto& b) {
      const int line = a.second.value.line, other = b.second.value.line;
      return line != other ? line < other : a.first < b.first;
    });
    for (auto& [at, member] : members) node.members.push_back(std::move(member));
  }
  return node;
}

std::string_view line_at(std::string_view toml, int line) {
  for (; line > 1 && toml.find('\n') != toml.npos; --line) toml.remove_prefix(toml.find('\n') + 1);
  return toml.substr(0, toml.find('\n'));
}

// toml++ quotes numbers that it cannot read. Where a key is written, nothing that came is repeated.
std::string description(const toml::parse_error& error, std::string_view line) {
  std::string text(error.description());
  if (line.find("api_key") != line.npos && text.find("redefine") == text.npos) {
    return "api_key must be \"env:NAME\" or \"file:/path\", in quotes (a TOML syntax error; what came is not shown)";
  }
  if (!text.empty() && text[0] == 'E') text[0] = 'e';
  if (text.find("could not determine value type") != text.npos) text += " (a string needs double quotes)";
  return "not valid TOML: " + text;
}

}  // namespace

const char* name_with_article(NodeKind kind) {
  switch (kind) {
    case NodeKind::string:
      return "a string";
    case NodeKind::integer:
      return "an integer";
    case NodeKind::number:
      return "a number with decimals";
    case NodeKind::boolean:
      return "a boolean";
    case NodeKind::date:
      return "a date or time";
    case NodeKind::array:
      return "an array";
    case NodeKind::table:
      return "a table";
  }
  return "a value";
}

tl::expected<Node, Mistake> parse_document(std::string_view toml, const std::string& file) {
  if (toml.size() > kConfigBytesMax) {
    return tl::unexpected(Mistake{file, 0, "larger than 4 MiB, the most that a configuration may have"});
  }
  if (const auto line = line_of_excess_depth(toml, kKeyPartsMax, kBracketDepthMax)) {
    return tl::unexpected(Mistake{file, *line,
                                  fmt::format("nested too deeply: a key may have {} parts, brackets may nest {} deep",
                                              kKeyPartsMax, kBracketDepthMax)});
  }
  try {
    return copy(toml::parse(toml, std::string_view(file)), 1);
  } catch (const toml::parse_error& error) {
    const int line = static_cast<int>(error.source().begin.line);
    return tl::unexpected(Mistake{file, line, printable(description(error, line_at(toml, line)))});
  }
}

}  // namespace weir
