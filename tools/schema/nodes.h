// A JSON Schema as a tree of nodes, one for each schema object or boolean: the compiler writes it, the checker reads
// it.
// Shape:   an absent keyword is nullptr, an empty list, or a bound that everything keeps. Pointers are into Tree::nodes
//          and Tree::document.
// Threads: immutable once compiled.
#pragma once

#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tools/schema/numbers.h"

namespace re2 {
class RE2;
}

namespace weir::schema {

enum class Format { none, date_time, date, time, duration, email, hostname, ipv4, ipv6, uuid };

// Bits of Node::types. An integer is a number too.
enum Type : unsigned { kNull = 1, kBoolean = 2, kObject = 4, kArray = 8, kString = 16, kNumber = 32, kInteger = 64 };

struct Node;
using Pattern = std::shared_ptr<const re2::RE2>;
using Nodes = std::vector<const Node*>;

// How many: 0 and "any number" when nothing is said.
struct Span {
  std::uint64_t least = 0, most = std::numeric_limits<std::uint64_t>::max();
};

struct Node {
  bool never = false;  // the schema `false`
  unsigned types = 0;  // 0 = any
  const nlohmann::json* constant = nullptr;
  const nlohmann::json* choices = nullptr;  // enum, an array
  const nlohmann::json* default_value = nullptr;

  std::optional<Number> minimum{}, maximum{}, above{}, below{};  // above, below: the exclusive ones
  std::optional<Decimal> multiple_of{};
  std::string multiple_text{};

  Span length{};
  Pattern pattern{};
  std::string pattern_text{};
  Format format = Format::none;
  bool format_asserted = false;  // whatever the options say

  Span property_count{};
  std::map<std::string, const Node*, std::less<>> properties{};
  std::vector<std::pair<Pattern, const Node*>> pattern_properties{};
  const Node* additional_properties = nullptr;
  const Node* property_names = nullptr;
  const Node* unevaluated_properties = nullptr;
  std::vector<std::string> required{};
  std::vector<std::pair<std::string, std::vector<std::string>>> dependent_required{};
  std::vector<std::pair<std::string, const Node*>> dependent_schemas{};

  Span item_count{};
  Nodes prefix_items{};
  const Node* items = nullptr;
  const Node* contains = nullptr;
  Span contained{1, std::numeric_limits<std::uint64_t>::max()};
  const Node* unevaluated_items = nullptr;
  bool unique_items = false;

  const Node* ref = nullptr;
  Nodes all_of{}, any_of{}, one_of{};
  const Node* not_of = nullptr;
  const Node* if_of = nullptr;
  const Node* then_of = nullptr;
  const Node* else_of = nullptr;
};

struct Tree {
  std::unique_ptr<const nlohmann::json> document{};
  std::deque<Node> nodes{};  // stable addresses
  const Node* root = nullptr;
};

}  // namespace weir::schema
