#include "config/diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "config/document.h"
#include "config/toml_text.h"

namespace weir {
namespace {

constexpr std::array<const char*, 9> kSections = {"server",          "auth",    "ledger", "metrics", "tracing",
                                                  "client_defaults", "clients", "models", "tools"};
constexpr std::size_t kShownMax = 60;  // characters of a value

bool holds_tables(std::string_view section) {
  return section == "clients" || section == "models" || section == "tools";
}

bool is_secret(std::string_view key) {
  const std::string_view last = key.substr(key.rfind('.') + 1);
  return last == "api_key" || last == "token" || last == "state_key" || last == "authorization";
}

// 1234567 → 1_234_567
std::string grouped(std::int64_t number) {
  std::string text = fmt::format("{}", number);
  const std::ptrdiff_t first = number < 0 ? 1 : 0;
  if (static_cast<std::ptrdiff_t>(text.size()) - first < 5) return text;
  for (auto at = static_cast<std::ptrdiff_t>(text.size()) - 3; at > first; at -= 3)
    text.insert(static_cast<std::size_t>(at), "_");
  return text;
}

std::string value_of(const Node& node) {
  switch (node.kind) {
    case NodeKind::string:
      return toml_string(node.text);
    case NodeKind::integer:
      return grouped(node.integer);
    case NodeKind::number:
      return fmt::format("{}", node.number);
    case NodeKind::boolean:
      return node.boolean ? "true" : "false";
    case NodeKind::date:
      return node.text;
    case NodeKind::array: {
      std::string text;
      for (const Node& item : node.items) text += (text.empty() ? "" : ", ") + value_of(item);
      return "[" + text + "]";
    }
    case NodeKind::table: {
      std::string text;
      for (const Entry& member : node.members)
        text += fmt::format("{}{} = {}", text.empty() ? "" : ", ", toml_key(member.key), value_of(member.value));
      return text.empty() ? "{}" : "{ " + text + " }";
    }
  }
  return "";
}

bool begins_character(char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }

std::int64_t characters(std::string_view text) { return std::count_if(text.begin(), text.end(), begins_character); }

std::string cut(const std::string& value) {
  std::size_t at = 0, seen = 0;
  while (at < value.size() && (!begins_character(value[at]) || seen++ < kShownMax)) ++at;
  return at == value.size() ? value : value.substr(0, at) + "…";
}

using Members = std::map<std::string_view, const Node*>;

Members members_of(const Node* table) {
  Members members;
  if (table != nullptr)
    for (const Entry& member : table->members) members.emplace(member.key, &member.value);
  return members;
}

const Node* find(const Members& members, std::string_view key) {
  const auto at = members.find(key);
  return at == members.end() ? nullptr : at->second;
}

class Comparison {
 public:
  std::vector<Difference> take() && { return std::move(found_); }

  // `table` is that of both; one of them may be absent.
  void compare(const std::string& table, const Node* from, const Node* to) {
    if (from == nullptr || to == nullptr) {
      if (from != to) add(from == nullptr ? Difference::Kind::added : Difference::Kind::removed, table, "");
      return;
    }
    compare_members(table, "", *from, *to);
  }

 private:
  void compare_members(const std::string& table, const std::string& prefix, const Node& from, const Node& to) {
    const Members before = members_of(&from), after = members_of(&to);
    std::set<std::string_view> keys;
    for (const auto& [key, node] : before) keys.insert(key);
    for (const auto& [key, node] : after) keys.insert(key);
    for (const std::string_view key : keys)
      compare_value(table, prefix + toml_key(key), find(before, key), find(after, key));
  }

  void compare_value(const std::string& table, const std::string& key, const Node* from, const Node* to) {
    if (from != nullptr && to != nullptr && from->kind == NodeKind::table && to->kind == NodeKind::table)
      return compare_members(table, key + ".", *from, *to);
    const std::string before = from == nullptr ? "" : value_of(*from), after = to == nullptr ? "" : value_of(*to);
    if (from == nullptr) return add(Difference::Kind::added, table, key, "", after);
    if (to == nullptr) return add(Difference::Kind::removed, table, key, before, "");
    if (before != after) add(Difference::Kind::changed, table, key, before, after);
  }

  void add(Difference::Kind kind, const std::string& table, const std::string& key, const std::string& from = "",
           const std::string& to = "") {
    Difference difference{kind, table, key, {}, {}};
    if (!is_secret(key)) {
      const auto long_one = [](const std::string& value) {
        return characters(value) > static_cast<std::int64_t>(kShownMax);
      };
      if (kind == Difference::Kind::changed && (long_one(from) || long_one(to))) {
        // Where they differ cannot be seen at their beginnings.
        difference.from = fmt::format("({} characters)", characters(from));
        difference.to = fmt::format("({} characters)", characters(to));
      } else {
        difference.from = cut(from);
        difference.to = cut(to);
      }
    }
    found_.push_back(std::move(difference));
  }

  std::vector<Difference> found_;
};

}  // namespace

tl::expected<std::vector<Difference>, Mistake> differences(const NamedText& from, const NamedText& to) {
  const auto before = parse_document(from.text, from.name), after = parse_document(to.text, to.name);
  if (!before) return tl::unexpected(before.error());
  if (!after) return tl::unexpected(after.error());
  Comparison comparison;
  const Members old_sections = members_of(&*before), new_sections = members_of(&*after);
  for (const char* section : kSections) {
    const Node *old_one = find(old_sections, section), *new_one = find(new_sections, section);
    if (!holds_tables(section)) {
      comparison.compare(section, old_one, new_one);
      continue;
    }
    const Members old_tables = members_of(old_one), new_tables = members_of(new_one);
    std::set<std::string_view> names;
    for (const auto& [name, node] : old_tables) names.insert(name);
    for (const auto& [name, node] : new_tables) names.insert(name);
    for (const std::string_view name : names)
      comparison.compare(fmt::format("{}.{}", section, toml_key(name)), find(old_tables, name), find(new_tables, name));
  }
  return std::move(comparison).take();
}

std::string line_of(const Difference& difference) {
  const char* sign = difference.kind == Difference::Kind::added     ? "+"
                     : difference.kind == Difference::Kind::removed ? "-"
                                                                    : "~";
  std::string line = fmt::format("{} {}", sign, difference.table);
  if (difference.key.empty()) return line;
  line += ": " + difference.key;
  if (difference.kind == Difference::Kind::changed && difference.from.empty() && difference.to.empty())
    return line + ": changed";
  if (!difference.from.empty()) line += " " + difference.from;
  if (!difference.from.empty() && !difference.to.empty()) line += " →";
  if (!difference.to.empty()) line += " " + difference.to;
  return line;
}

std::string summary_of(const std::vector<Difference>& differences) {
  struct Counts {
    int added = 0, removed = 0;
    std::set<std::string> changed{};
  };
  std::map<std::string, Counts> counts;
  for (const Difference& difference : differences) {
    Counts& of = counts[difference.table.substr(0, difference.table.find('.'))];
    if (!difference.key.empty())
      of.changed.insert(difference.table);
    else
      (difference.kind == Difference::Kind::added ? of.added : of.removed) += 1;
  }
  std::string summary;
  for (const char* section : kSections) {
    const auto at = counts.find(section);
    if (at == counts.end()) continue;
    summary += summary.empty() ? section : fmt::format(", {}", section);
    if (at->second.added + at->second.removed > 0)
      summary += fmt::format(" +{} -{}", at->second.added, at->second.removed);
    if (!at->second.changed.empty() && !holds_tables(section))
      summary += " ~1";
    else if (!at->second.changed.empty())
      summary += fmt::format(" ~{}", at->second.changed.size());
  }
  return summary.empty() ? "nothing" : summary;
}

}  // namespace weir
