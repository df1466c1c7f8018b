#include "tools/catalog/schema_arguments.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "config/mistakes.h"
#include "tools/catalog/reasoning.h"
#include "tools/catalog/schema.h"
#include "tools/providers/wire_json.h"
#include "tools/schema/schema_rules.h"
#include "tools/schema/words.h"

namespace weir {
namespace {

using nlohmann::json;
using Lines = std::vector<std::string>;

constexpr std::size_t kPropertiesMax = 100, kNameBytesMax = 64, kReferencesMax = 16;
constexpr std::uint64_t kStepsMax = 1'000'000;
constexpr const char* kCombinators[] = {
    "$ref",        "oneOf", "anyOf", "allOf", "not", "if", "then", "else", "enum", "const", "dependentSchemas",
    "dependencies"};

// Stops past the most that may be.
std::size_t values_in(const json& value, std::size_t most) {
  std::size_t count = 1;
  if (value.is_structured())
    for (const json& part : value) {
      if (count > most) break;
      count += values_in(part, most - count);
    }
  return count;
}

bool deeper_than(const json& value, std::size_t levels) {
  if (!value.is_structured()) return false;
  if (levels == 0) return true;
  return std::any_of(value.begin(), value.end(), [&](const json& part) { return deeper_than(part, levels - 1); });
}

bool is_plain_name(std::string_view name) {
  return !name.empty() &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == name.npos;
}

// "/order/lines/0/price" → "arguments.order.lines[0].price". What the numbers are, the value tells.
std::string place(std::string_view pointer, const json& arguments) {
  std::string text = "arguments";
  const json* at = &arguments;
  while (!pointer.empty()) {
    pointer.remove_prefix(1);
    const auto end = std::min(pointer.find('/'), pointer.size());
    std::string step;
    for (std::size_t i = 0; i < end; ++i) {
      const bool escaped = pointer[i] == '~' && i + 1 < end;
      step += escaped ? (pointer[++i] == '0' ? '~' : '/') : pointer[i];
    }
    pointer.remove_prefix(end);
    if (at != nullptr && at->is_array()) {
      const std::size_t index = std::strtoull(step.c_str(), nullptr, 10);
      text += "[" + step + "]";
      at = index < at->size() ? &(*at)[index] : nullptr;
    } else {
      text += is_plain_name(step) ? "." + step : "[" + in_quotes(step) + "]";
      at = at == nullptr ? nullptr : member(*at, step.c_str());
    }
  }
  return text;
}

std::string told(const std::vector<Violation>& violations, const json& arguments) {
  std::string lines;
  for (const Violation& each : violations)
    lines += fmt::format("{}{}: {}", lines.empty() ? "" : "\n", place(each.path, arguments), printable(each.message));
  return lines;
}

class SchemaArguments final : public ArgumentRules {
 public:
  SchemaArguments(json schema, std::shared_ptr<const SchemaRules> rules, std::shared_ptr<const ArgumentRules> profile)
      : schema_(std::move(schema)), rules_(std::move(rules)), profile_(std::move(profile)) {}

  Result<Values> read(const json& arguments) const override {
    if (!arguments.is_object())
      return fail(Fault::bad_input, fmt::format("arguments must be an object, not {}", schema::kind_of(arguments)));
    if (deeper_than(arguments, kDepthMax))
      return fail(Fault::bad_input, fmt::format("arguments: nested more than {} deep", kDepthMax));
    if (values_in(arguments, kValuesMax) > kValuesMax)
      return fail(Fault::bad_input, fmt::format("arguments: more than {} values", kValuesMax));
    // The choice of a profile is no part of the schema: that may refer to itself as a whole.
    json own = arguments, choice = json::object();
    if (const json* given = profile_ ? member(own, kProfileInput) : nullptr) {
      choice[kProfileInput] = *given;
      own.erase(kProfileInput);
    }
    auto values = profile_ ? profile_->read(choice) : Values();
    if (!values) return values;
    const auto complete = rules_->completed(std::move(own));
    if (!complete) return fail(Fault::bad_input, fmt::format("arguments: take more than {} steps to check", kStepsMax));
    const auto violations = rules_->check(*complete);
    if (!violations.empty()) return fail(Fault::bad_input, told(violations, *complete));
    for (const auto& [name, value] : complete->items()) values->emplace(name, value);
    return values;
  }

  const json& schema() const override { return schema_; }

 private:
  json schema_;
  std::shared_ptr<const SchemaRules> rules_;
  std::shared_ptr<const ArgumentRules> profile_;  // null when there is no choice
};

// A schema that only says which of its definitions it is, as generators write one that has a name.
json without_root_reference(const json& document) {
  json root = document;
  for (std::size_t i = 0; i < kReferencesMax && !root.contains("properties"); ++i) {
    const std::string to = text_of(member(root, "$ref"));
    const json* target = nullptr;
    for (const std::string key : {"$defs", "definitions"})
      if (const json* named = member(document, key.c_str()); named != nullptr && to.starts_with("#/" + key + "/"))
        target = member(*named, to.c_str() + key.size() + 3);
    if (target == nullptr || !target->is_object()) break;
    root.erase("$ref");
    for (const auto& [key, value] : target->items()) root[key] = value;
  }
  return root;
}

void check_root(const json& schema, Lines& mistakes) {
  for (const char* keyword : kCombinators) {
    if (schema.contains(keyword))
      mistakes.push_back(
          fmt::format("#/{}: hosts do not take it at the root of a tool's arguments; put it into a property", keyword));
  }
  const json* properties = member(schema, "properties");
  if (text_of(member(schema, "type")) != "object" || properties == nullptr || !properties->is_object()) {
    mistakes.emplace_back("#: the root must be an object: type = \"object\", with properties");
    return;
  }
  if (properties->size() > kPropertiesMax)
    mistakes.push_back(
        fmt::format("#/properties: {} properties; at most {} are allowed", properties->size(), kPropertiesMax));
  for (const auto& [name, property] : properties->items()) {
    if (!is_plain_name(name) || name.size() > kNameBytesMax)
      mistakes.push_back(
          fmt::format("#/properties: {} is no argument's name: 1 to {} of A-Z, a-z, 0-9, \"_\" and "
                      "\"-\"",
                      in_quotes(name), kNameBytesMax));
  }
}

// The defaults of the arguments themselves; those further inside are told of when a call meets them.
void check_defaults(const json& schema, const SchemaRules& rules, Lines& mistakes) {
  for (const auto& [name, property] : schema["properties"].items()) {
    const json* value = member(property, "default");
    if (value == nullptr || value->is_null()) continue;
    json arguments = json::object();
    arguments[name] = *value;
    arguments = rules.completed(arguments).value_or(arguments);
    for (const Violation& each : rules.check(arguments)) {
      if (each.path != "/" + name && !each.path.starts_with("/" + name + "/")) continue;
      mistakes.push_back(
          fmt::format("#/properties/{}/default: {}: {}", name, place(each.path, arguments), printable(each.message)));
    }
  }
}

}  // namespace

tl::expected<std::shared_ptr<const ArgumentRules>, Lines> schema_arguments(const ToolSettings& tool) {
  const auto parsed = parse_wire_json(tool.input_schema);
  if (!parsed) return tl::unexpected(Lines{"it is not JSON, or has too many levels or values"});
  if (!parsed->is_object()) return tl::unexpected(Lines{"it is no JSON Schema: it must be an object"});
  if (!tool.inputs.empty())
    return tl::unexpected(Lines{fmt::format("it stands beside input.{}; declare all arguments in one of the two ways",
                                            tool.inputs.front().name)});
  json schema = without_root_reference(*parsed);
  Lines mistakes;
  check_root(schema, mistakes);
  if (!mistakes.empty()) return tl::unexpected(std::move(mistakes));
  auto rules = SchemaRules::compile(schema, {.steps_max = kStepsMax});
  if (!rules) return tl::unexpected(std::move(rules.error()));
  check_defaults(schema, **rules, mistakes);
  if (!mistakes.empty()) return tl::unexpected(std::move(mistakes));
  std::shared_ptr<const ArgumentRules> profile;
  if (const auto chosen = all_inputs(tool); !chosen.empty()) {
    if (schema["properties"].contains(kProfileInput))
      return tl::unexpected(
          Lines{fmt::format("#/properties/{}: is in the way of the choice of a profile; rename it", kProfileInput)});
    schema["properties"][kProfileInput] = property_schema(chosen.front());
    profile = argument_rules(chosen);
  }
  return std::make_shared<const SchemaArguments>(std::move(schema), std::move(*rules), std::move(profile));
}

}  // namespace weir
