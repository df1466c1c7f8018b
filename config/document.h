// A TOML document as plain values, each with the line where it was written, so that only parse.cpp need know toml++.
// Shape:   a Node is a string, integer, number, boolean, date, array or table; members of a table are in the author's
//          order.
// Errors:  parse_document() answers one Mistake: TOML cannot be read on after its first syntax error.
// Threads: values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "config/config.h"

namespace weir {

enum class NodeKind { string, integer, number, boolean, date, array, table };

// "a string", "an integer" …: what came, for messages.
const char* name_with_article(NodeKind kind);

struct Entry;

struct Node {
  NodeKind kind = NodeKind::table;
  int line = 0;
  std::string text;             // string
  std::int64_t integer = 0;     // integer
  double number = 0;            // number
  bool boolean = false;         // boolean
  std::vector<Node> items;      // array
  std::vector<Entry> members;  // table
};

struct Entry {
  std::string key;
  Node value;
};

inline constexpr std::size_t kConfigBytesMax = 4 << 20;
inline constexpr int kKeyPartsMax = 16;      // a.b.c has three
inline constexpr int kBracketDepthMax = 32;  // [[{ has three

tl::expected<Node, Mistake> parse_document(std::string_view toml, const std::string& file);

}  // namespace weir
