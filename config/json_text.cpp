#include "config/json_text.h"

#include <fmt/format.h>

#include <cmath>
#include <fstream>

#include "config/mistakes.h"
#include "config/secret_source.h"

namespace weir {
namespace {

std::string json_string(std::string_view text) {
  std::string json = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      json += '\\';
      json += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      json += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
    } else {
      json += c;
    }
  }
  return json + '"';
}

// False: nothing in JSON is like it.
bool write(const Node& node, std::string& to) {
  switch (node.kind) {
    case NodeKind::string:
      to += json_string(node.text);
      return true;
    case NodeKind::integer:
      to += fmt::format("{}", node.integer);
      return true;
    case NodeKind::number:
      to += fmt::format("{}", node.number);
      return std::isfinite(node.number);
    case NodeKind::boolean:
      to += node.boolean ? "true" : "false";
      return true;
    case NodeKind::date:
      return false;
    case NodeKind::array: {
      to += '[';
      for (const Node& item : node.items) {
        if (to.back() != '[') to += ',';
        if (!write(item, to)) return false;
      }
      to += ']';
      return true;
    }
    case NodeKind::table: {
      to += '{';
      for (const Entry& member : node.members) {
        if (to.back() != '{') to += ',';
        to += json_string(member.key) + ':';
        if (!write(member.value, to)) return false;
      }
      to += '}';
      return true;
    }
  }
  return false;
}

}  // namespace

tl::expected<std::string, std::string> json_text(const Node& node) {
  std::string text;
  if (!write(node, text))
    return tl::unexpected(std::string("it holds a date or a number that is not finite, which JSON has not"));
  return text;
}

tl::expected<std::string, std::string> text_of_file(const std::string& path, std::size_t bytes_max) {
  if (const auto objection = object_to_file(path)) return tl::unexpected(*objection);
  std::ifstream file(path, std::ios::binary);
  std::string text(bytes_max + 1, '\0');
  if (!file.read(text.data(), static_cast<std::streamsize>(text.size())) && !file.eof())
    return tl::unexpected(fmt::format("names {}, which cannot be read", in_quotes(path)));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > bytes_max)
    return tl::unexpected(fmt::format("names {}, which holds more than {} bytes", in_quotes(path), bytes_max));
  return text;
}

}  // namespace weir
