#include "config/fields.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/units.h"

namespace weir {

constexpr std::size_t kArrayItemsMax = 1'000;

bool Fields::knows(const std::string& key) const {
  return std::find(known_.begin(), known_.end(), key) != known_.end() ||
         std::find(unlisted_.begin(), unlisted_.end(), key) != unlisted_.end();
}

const Node* Fields::find(const std::string& key) {
  if (!knows(key)) known_.push_back(key);
  const auto at =
      std::find_if(table_.members.begin(), table_.members.end(), [&](const Entry& m) { return m.key == key; });
  return at == table_.members.end() ? nullptr : &at->value;
}

const Node* Fields::find(const std::string& key, NodeKind kind) {
  const Node* node = find(key);
  if (node == nullptr || node->kind == kind) return node;
  mistake(*node, fmt::format("{} must be {}, not {}", key, name_with_article(kind), name_with_article(node->kind)));
  return nullptr;
}

const Node* Fields::require(const std::string& key, NodeKind kind, std::string_view what_it_is) {
  if (find(key) == nullptr) mistake(table_, fmt::format("{} is missing: {}", key, what_it_is));
  return find(key, kind);
}

bool Fields::read(const std::string& key, bool& to) {
  const Node* node = find(key, NodeKind::boolean);
  if (node == nullptr) return false;
  to = node->boolean;
  return true;
}

bool Fields::read(const std::string& key, std::string& to) {
  const Node* node = find(key, NodeKind::string);
  if (node == nullptr) return false;
  to = node->text;
  return true;
}

bool Fields::read(const std::string& key, std::int64_t& to, Range<std::int64_t> range) {
  const Node* node = find(key, NodeKind::integer);
  if (node == nullptr) return false;
  if (!range.holds(node->integer)) {
    mistake(*node, fmt::format("{} must be from {} to {}, not {}", key, range.low, range.high, node->integer));
    return false;
  }
  to = node->integer;
  return true;
}

bool Fields::read(const std::string& key, int& to, Range<int> range) {
  std::int64_t value = to;
  if (!read(key, value, Range<std::int64_t>{range.low, range.high})) return false;
  to = static_cast<int>(value);
  return true;
}

bool Fields::read(const std::string& key, std::optional<std::int64_t>& to, Range<std::int64_t> range) {
  std::int64_t value = 0;
  if (!read(key, value, range)) return false;
  to = value;
  return true;
}

bool Fields::read(const std::string& key, std::optional<int>& to, Range<int> range) {
  int value = 0;
  if (!read(key, value, range)) return false;
  to = value;
  return true;
}

bool Fields::read(const std::string& key, std::optional<double>& to, Range<double> range) {
  const Node* node = find(key);
  if (node == nullptr) return false;
  const bool is_number = node->kind == NodeKind::integer || node->kind == NodeKind::number;
  const double value = node->kind == NodeKind::integer ? static_cast<double>(node->integer) : node->number;
  if (!is_number || !range.holds(value)) {  // a NaN is in no range
    mistake(*node, fmt::format("{} must be a number from {} to {}, not {}", key, range.low, range.high,
                               is_number ? fmt::format("{}", value) : name_with_article(node->kind)));
    return false;
  }
  to = value;
  return true;
}

bool Fields::read(const std::string& key, Duration& to, Range<Duration> range) {
  const Node* node = find(key);
  if (node == nullptr) return false;
  if (node->kind == NodeKind::integer || node->kind == NodeKind::number) {
    mistake(*node,
            fmt::format("{} is a bare number, which says no unit; write a duration such as \"30s\" or \"250ms\"", key));
    return false;
  }
  if (node->kind != NodeKind::string) {
    mistake(*node, fmt::format("{} must be a duration such as \"30s\", not {}", key, name_with_article(node->kind)));
    return false;
  }
  const auto value = parse_duration(node->text);
  if (!value) {
    mistake(*node, key + ' ' + value.error());
    return false;
  }
  if (!range.holds(*value)) {
    mistake(*node, fmt::format("{} must be from {} to {}, not {}", key, format_duration(range.low),
                               format_duration(range.high), in_quotes(node->text)));
    return false;
  }
  to = *value;
  return true;
}

bool Fields::read(const std::string& key, std::vector<std::string>& to) {
  const Node* node = find(key, NodeKind::array);
  if (node == nullptr) return false;
  if (node->items.size() > kArrayItemsMax) {
    mistake(*node, fmt::format("{} has {} items; at most {} are allowed", key, node->items.size(), kArrayItemsMax));
    return false;
  }
  std::vector<std::string> items;
  for (const Node& item : node->items) {
    if (item.kind == NodeKind::string) {
      items.push_back(item.text);
    } else {
      mistake(item, fmt::format("{} must be an array of strings; it holds {}", key, name_with_article(item.kind)));
    }
  }
  if (items.size() != node->items.size()) return false;
  to = std::move(items);
  return true;
}

bool Fields::read_size(const std::string& key, std::int64_t& to, Range<std::int64_t> range) {
  const Node* node = find(key);
  if (node == nullptr) return false;
  if (node->kind != NodeKind::integer && node->kind != NodeKind::string) {
    mistake(*node, fmt::format("{} must be a size such as \"2MiB\" or a number of bytes, not {}", key,
                               name_with_article(node->kind)));
    return false;
  }
  const auto value = node->kind == NodeKind::integer ? Read<std::int64_t>(node->integer) : parse_size(node->text);
  if (!value) {
    mistake(*node, key + ' ' + value.error());
    return false;
  }
  if (!range.holds(*value)) {
    mistake(*node, fmt::format("{} must be from {} to {}, not {}", key, format_size(range.low), format_size(range.high),
                               format_size(*value)));
    return false;
  }
  to = *value;
  return true;
}

bool Fields::read_price(const std::string& key, std::optional<std::int64_t>& to) {
  const Node* node = find(key);
  if (node == nullptr) return false;
  if (node->kind != NodeKind::integer && node->kind != NodeKind::number) {
    mistake(*node, fmt::format("{} must be a number of US dollars per million tokens, not {}", key,
                               name_with_article(node->kind)));
    return false;
  }
  const auto value = parse_price(node->kind == NodeKind::integer ? static_cast<double>(node->integer) : node->number);
  if (!value) {
    mistake(*node, key + ' ' + value.error());
    return false;
  }
  to = *value;
  return true;
}

bool Fields::require_text(const std::string& key, std::string& to, std::string_view what_it_is) {
  const Node* node = require(key, NodeKind::string, what_it_is);
  if (node == nullptr) return false;
  if (node->text.empty()) {
    mistake(*node, fmt::format("{} is empty: {}", key, what_it_is));
    return false;
  }
  to = node->text;
  return true;
}

bool Fields::read_word(const std::string& key, std::string& to, const std::vector<std::string>& words) {
  const Node* node = find(key, NodeKind::string);
  if (node == nullptr) return false;
  if (std::find(words.begin(), words.end(), node->text) == words.end()) {
    mistake(*node, fmt::format("no {} named {}{}", key, in_quotes(node->text), suggestion(node->text, words)));
    return false;
  }
  to = node->text;
  return true;
}

void Fields::mistake(const Node& node, std::string_view what) {
  mistakes_.add(node.line, fmt::format("{}: {}", where_, what));
}

void Fields::reject_unknown() {
  for (const Entry& member : table_.members) {
    if (mistakes_.full()) return;
    if (knows(member.key)) continue;
    std::vector<std::string> all = known_;
    all.insert(all.end(), unlisted_.begin(), unlisted_.end());
    const std::string near = nearest(member.key, all);
    mistake(member.value, fmt::format("unknown key {}{}", in_quotes(member.key),
                                      suggestion(member.key, near.empty() ? known_ : std::vector{near})));
  }
}

}  // namespace weir
