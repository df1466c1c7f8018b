#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "config/config.h"
#include "tools/schema/checker.h"
#include "tools/schema/patterns.h"
#include "tools/schema/words.h"

namespace weir::schema {
namespace {

using nlohmann::json;

constexpr std::size_t kComparedNamesMax = 100;

// What a name that is not known may have meant.
std::string suggestion(const std::string& name, const Node& node, const json& value) {
  if (node.properties.size() > kComparedNamesMax) return "";
  std::vector<std::string> free;
  for (const auto& [known, schema] : node.properties)
    if (!value.contains(known)) free.push_back(known);
  const std::string meant = nearest(name, free);
  return meant.empty() ? "" : fmt::format("; did you mean \"{}\"?", meant);
}

void mark(Seen* seen, const json& part) {
  if (seen != nullptr && !seen->all) seen->parts.push_back(&part);
}
void mark_all(Seen* seen) {
  if (seen != nullptr) seen->all = true;
}

}  // namespace

// Which names there have to be, and how many.
bool Checker::names(const Visit& visit) {
  if (!visit.value.is_object()) return true;
  const Node& node = visit.node;
  const json& value = visit.value;
  bool holds = keeps_span(value.size(), node.property_count, visit, "minProperties", "maxProperties", "properties");
  if (!spend(node.required.size())) return false;
  for (const auto& name : node.required)
    holds = keeps(value.contains(name), visit, "required",
                  [&] { return fmt::format("must have the property \"{}\"", clipped(name, 120)); }) &&
            holds;
  for (const auto& [given, asked] : node.dependent_required) {
    if (!spend(1 + asked.size())) return false;
    if (!value.contains(given)) continue;
    for (const auto& name : asked)
      holds = keeps(value.contains(name), visit, "dependentRequired",
                    [&, &given = given] {
                      return fmt::format("must have the property \"{}\", as it has \"{}\"", clipped(name, 120),
                                         clipped(given, 120));
                    }) &&
              holds;
  }
  return holds;
}

bool Checker::properties(const Visit& visit) {
  const Node& node = visit.node;
  const bool asked = !node.properties.empty() || !node.pattern_properties.empty() ||
                     node.additional_properties != nullptr || node.property_names != nullptr;
  if (!visit.value.is_object() || !asked) return true;
  bool holds = true;
  for (auto part = visit.value.begin(); part != visit.value.end(); ++part) {
    holds = property(visit, part.key(), *part) && holds;
    if (steps_ == 0 || (!holds && visit.out == nullptr)) return false;
  }
  if (node.additional_properties != nullptr) mark_all(visit.seen);
  return holds;
}

bool Checker::property(const Visit& visit, const std::string& name, const json& part) {
  const Node& node = visit.node;
  const Path path{&visit.path, name};
  bool holds = true, known = false;
  if (!spend(1)) return false;
  if (node.property_names != nullptr) {
    const json text(name);
    holds = check(*node.property_names, text, path, nullptr, visit.out);
  }
  if (const auto schema = node.properties.find(name); schema != node.properties.end()) {
    known = true;
    holds = check(*schema->second, part, path, nullptr, visit.out) && holds;
  }
  for (const auto& [pattern, schema] : node.pattern_properties) {
    if (!spend(match_steps(pattern, name))) return false;
    if (!matches(pattern, name)) continue;
    known = true;
    holds = check(*schema, part, path, nullptr, visit.out) && holds;
  }
  if (known) {
    mark(visit.seen, part);
  } else if (node.additional_properties != nullptr) {
    if (node.additional_properties->never)
      return keeps(false, {node, part, path, nullptr, visit.out}, "additionalProperties",
                   [&] { return "is no known property" + suggestion(name, node, visit.value); });
    holds = check(*node.additional_properties, part, path, nullptr, visit.out) && holds;
  }
  return holds;
}

bool Checker::items(const Visit& visit) {
  if (!visit.value.is_array()) return true;
  const Node& node = visit.node;
  const json& value = visit.value;
  bool holds = keeps_span(value.size(), node.item_count, visit, "minItems", "maxItems", "items");
  const std::size_t first = node.prefix_items.size();
  const std::size_t end = node.items != nullptr ? value.size() : std::min(first, value.size());
  for (std::size_t i = 0; i < end; ++i) {
    if (!holds && visit.out == nullptr) return false;
    const Path path{&visit.path, {}, i, true};
    const Node& schema = i < first ? *node.prefix_items[i] : *node.items;
    holds = check(schema, value[i], path, nullptr, visit.out) && holds;
    if (steps_ == 0) return false;
    mark(visit.seen, value[i]);
  }
  if (node.items != nullptr) mark_all(visit.seen);
  return holds;
}

bool Checker::contained(const Visit& visit) {
  const Node& node = visit.node;
  if (!visit.value.is_array() || node.contains == nullptr) return true;
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < visit.value.size(); ++i) {
    const Path path{&visit.path, {}, i, true};
    if (!check(*node.contains, visit.value[i], path, nullptr, nullptr)) continue;
    ++count;
    mark(visit.seen, visit.value[i]);
  }
  if (steps_ == 0) return false;
  const bool enough =
      keeps(count >= node.contained.least, visit, node.contained.least == 1 ? "contains" : "minContains", [&] {
        return fmt::format("must have {} or more items that match \"contains\", has {}", node.contained.least, count);
      });
  const bool few = keeps(count <= node.contained.most, visit, "maxContains", [&] {
    return fmt::format("must have {} or fewer items that match \"contains\", has {}", node.contained.most, count);
  });
  return enough && few;
}

// What no other keyword has judged, here or in the schemas that see the same value.
bool Checker::unevaluated(const Visit& visit) {
  const json& value = visit.value;
  const Node* rest = value.is_object()  ? visit.node.unevaluated_properties
                     : value.is_array() ? visit.node.unevaluated_items
                                        : nullptr;
  if (rest == nullptr || visit.seen == nullptr || visit.seen->all) return true;
  auto& seen = visit.seen->parts;
  if (!spend(seen.size() / 8)) return false;
  std::sort(seen.begin(), seen.end());
  bool holds = true;
  std::size_t index = 0;
  for (auto part = value.begin(); part != value.end(); ++part, ++index) {
    if (!spend(1)) return false;
    if (std::binary_search(seen.begin(), seen.end(), &*part)) continue;
    const Path path = value.is_object() ? Path{&visit.path, part.key()} : Path{&visit.path, {}, index, true};
    if (rest->never) {
      const char* rule = value.is_object() ? "unevaluatedProperties" : "unevaluatedItems";
      holds = keeps(false, {visit.node, *part, path, nullptr, visit.out}, rule, [&] {
        return value.is_object() ? "is no known property" + suggestion(part.key(), visit.node, value)
                                 : "is one item too many";
      });
    } else {
      holds = check(*rest, *part, path, nullptr, visit.out) && holds;
    }
    if (!holds && visit.out == nullptr) return false;
  }
  mark_all(visit.seen);
  return holds;
}

}  // namespace weir::schema
