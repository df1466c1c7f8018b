// SchemaRules::without_absent: null where a property may be absent but may not be null, as models answer to schemas
// that make every property required, and as clients send what they have no value for.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "tools/schema/checker.h"
#include "tools/schema/patterns.h"

namespace weir {
namespace {

using nlohmann::json;
using schema::Node;

bool has_null(const json& value) {
  if (!value.is_structured()) return value.is_null();
  return std::any_of(value.begin(), value.end(), has_null);
}

std::uint64_t size_of(const json& value) {
  std::uint64_t size = 1;
  if (value.is_structured())
    for (const json& part : value) size += size_of(part);
  return size;
}

class Absent {
 public:
  explicit Absent(SchemaOptions options) : options_(options), steps_(options.steps_max) {}

  void take_out(const Node& node, json& value) {
    if (steps_ == 0 || nested_ >= kNestedMax || !value.is_structured()) return;
    --steps_;
    ++nested_;
    if (value.is_object()) object(node, value);
    if (value.is_array()) array(node, value);
    if (node.ref != nullptr) take_out(*node.ref, value);
    for (const Node* all : node.all_of) take_out(*all, value);
    for (const auto* list : {&node.any_of, &node.one_of}) branches(*list, value);
    --nested_;
  }

 private:
  static constexpr std::size_t kNestedMax = 1024;

  bool holds(const Node& node, const json& value) {
    options_.steps_max = steps_;
    schema::Checker checker(options_);
    const bool held = checker.check(node, value, {}, nullptr, nullptr);
    steps_ = checker.steps_left();
    return held;
  }

  void object(const Node& node, json& value) {
    for (auto at = value.begin(); at != value.end();) {
      const auto known = node.properties.find(at.key());
      const auto& required = node.required;
      const bool optional = std::find(required.begin(), required.end(), at.key()) == required.end();
      if (known != node.properties.end() && at->is_null() && optional && !holds(*known->second, *at) && steps_ > 0) {
        at = value.erase(at);
        continue;
      }
      if (known != node.properties.end()) {
        take_out(*known->second, *at);
      } else if (node.additional_properties != nullptr) {
        take_out(*node.additional_properties, *at);
      }
      for (const auto& [pattern, schema] : node.pattern_properties) {
        steps_ -= std::min(steps_, schema::match_steps(pattern, at.key()));
        if (steps_ > 0 && at->is_structured() && schema::matches(pattern, at.key())) take_out(*schema, *at);
      }
      ++at;
    }
  }

  void array(const Node& node, json& value) {
    for (std::size_t i = 0; i < value.size(); ++i) {
      const Node* item = i < node.prefix_items.size() ? node.prefix_items[i] : node.items;
      if (item != nullptr) take_out(*item, value[i]);
    }
  }

  // The first branch that holds once its own nulls are out.
  void branches(const schema::Nodes& nodes, json& value) {
    for (const Node* node : nodes) {
      steps_ -= std::min(steps_, size_of(value));
      if (steps_ == 0) return;
      json without = value;
      take_out(*node, without);
      if (!holds(*node, without)) continue;
      value = std::move(without);
      return;
    }
  }

  SchemaOptions options_;
  std::uint64_t steps_;
  std::size_t nested_ = 0;
};

}  // namespace

json SchemaRules::without_absent(const json& value) const {
  json without = value;
  if (schema::too_deep(value, kDepthMax) || !has_null(value)) return without;
  Absent(options_).take_out(*tree_->root, without);
  return without;
}

}  // namespace weir
