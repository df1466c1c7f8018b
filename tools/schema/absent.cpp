// SchemaRules::without_absent: null where a property may be absent but may not be null, as models answer to schemas
// that make every property required, and as clients send what they have no value for. And completed(), which puts in
// the defaults, too.
#include <algorithm>
#include <cmath>
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

// What a copy costs: values, and bytes of text.
std::uint64_t weight_of(const json& value) {
  std::uint64_t weight = 1;
  if (value.is_string()) weight += value.get_ref<const std::string&>().size() / 8;
  if (value.is_structured())
    for (const json& part : value) weight += weight_of(part);
  return weight;
}

const json* default_of(const Node& node) {
  for (const Node* at = &node; at != nullptr; at = at->ref)
    if (at->default_value != nullptr) return at->default_value->is_null() ? nullptr : at->default_value;
  return nullptr;
}

class Absent {
 public:
  enum class Defaults { left_out, put_in };
  Absent(SchemaOptions options, Defaults defaults)
      : options_(options), completes_(defaults == Defaults::put_in), steps_(options.steps_max) {}
  bool given_up() const { return steps_ == 0 || too_nested_; }

  void take_out(const Node& node, json& value) {
    const bool may_change = value.is_structured() || (completes_ && value.is_number_float());
    too_nested_ = too_nested_ || (nested_ >= kNestedMax && may_change);
    if (given_up() || !may_change) return;
    --steps_;
    ++nested_;
    if (value.is_number_float()) whole(node, value);
    if (value.is_object()) object(node, value);
    if (value.is_array()) array(node, value);
    if (node.ref != nullptr) take_out(*node.ref, value);
    for (const Node* all : node.all_of) take_out(*all, value);
    for (const auto* list : {&node.any_of, &node.one_of}) branches(*list, value);
    --nested_;
  }

 private:
  static constexpr std::size_t kNestedMax = 1024;
  static constexpr double kTwoTo63 = 9223372036854775808.0;

  bool holds(const Node& node, const json& value) {
    options_.steps_max = steps_;
    schema::Checker checker(options_);
    const bool held = checker.check(node, value, {}, nullptr, nullptr);
    steps_ = checker.steps_left();
    return held;
  }

  // 5.0 where an integer is asked for.
  static void whole(const Node& node, json& value) {
    const bool asked = (node.types & schema::kInteger) != 0 && (node.types & schema::kNumber) == 0;
    const auto number = value.get<double>();
    if (asked && number == std::floor(number) && std::fabs(number) < kTwoTo63)
      value = static_cast<std::int64_t>(number);
  }

  void put_in_defaults(const Node& node, json& value) {
    for (const auto& [name, property] : node.properties) {
      const json* put = value.contains(name) ? nullptr : default_of(*property);
      if (put == nullptr) continue;
      steps_ -= std::min(steps_, weight_of(*put));
      if (steps_ == 0) return;
      value[name] = *put;
    }
  }

  void object(const Node& node, json& value) {
    if (completes_) put_in_defaults(node, value);
    for (auto at = value.begin(); at != value.end();) {
      const auto known = node.properties.find(at.key());
      const auto& required = node.required;
      const bool optional = std::find(required.begin(), required.end(), at.key()) == required.end();
      if (known != node.properties.end() && at->is_null()) {
        const json* put = completes_ ? default_of(*known->second) : nullptr;
        if ((optional || put != nullptr) && !holds(*known->second, *at) && steps_ > 0) {
          if (put == nullptr) {
            at = value.erase(at);
            continue;
          }
          steps_ -= std::min(steps_, weight_of(*put));
          if (steps_ > 0) *at = *put;
        }
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
  const bool completes_;
  std::uint64_t steps_;
  std::size_t nested_ = 0;
  bool too_nested_ = false;
};

}  // namespace

json SchemaRules::without_absent(const json& value) const {
  json without = value;
  if (schema::too_deep(value, kDepthMax) || !has_null(value)) return without;
  Absent(options_, Absent::Defaults::left_out).take_out(*tree_->root, without);
  return without;
}

std::optional<json> SchemaRules::completed(json value) const {
  if (schema::too_deep(value, kDepthMax)) return std::nullopt;
  Absent absent(options_, Absent::Defaults::put_in);
  absent.take_out(*tree_->root, value);
  if (absent.given_up()) return std::nullopt;
  return value;
}

}  // namespace weir
