#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "simulator/rules.h"
#include "simulator/schema.h"
#include "simulator/text.h"
#include "simulator/wire.h"

namespace simulator {
namespace {

using Json = nlohmann::ordered_json;

struct Rules {
  std::string_view keywords;  // all that are taken
  std::string_view formats;
  std::string_view types = "object array string integer number boolean null";
  bool closed_objects = false;  // additionalProperties: false everywhere
  bool all_required = false;
  bool recursion = true;
};

const Rules& rules_of(Subset subset) {
  static constexpr Rules kOpenAi = {
      .keywords =
          "$schema $id $ref $defs definitions title description default examples type enum const properties "
          "required additionalProperties items prefixItems anyOf minItems maxItems minimum maximum "
          "exclusiveMinimum exclusiveMaximum multipleOf pattern format minLength maxLength nullable",
      .formats = "date-time time date duration email hostname ipv4 ipv6 uuid",
      .closed_objects = true,
      .all_required = true};
  static constexpr Rules kAnthropic = {
      .keywords =
          "$schema $id $ref $defs definitions title description default examples type enum const properties "
          "required additionalProperties items prefixItems anyOf allOf minItems format",
      .formats = "date-time time date duration email hostname uri ipv4 ipv6 uuid",
      .closed_objects = true,
      .recursion = false};
  static constexpr Rules kGeminiJson = {
      .keywords =
          "$id $defs $ref $anchor type format title description enum items prefixItems minItems maxItems "
          "minimum maximum anyOf oneOf properties additionalProperties required propertyOrdering",
      .formats = ""};
  static constexpr Rules kGeminiOpenApi = {
      .keywords =
          "type format title description nullable enum items minItems maxItems properties minProperties "
          "maxProperties required propertyOrdering anyOf minimum maximum minLength maxLength pattern example "
          "default",
      .formats = "",
      .types = "OBJECT ARRAY STRING INTEGER NUMBER BOOLEAN NULL object array string integer number boolean null"};
  switch (subset) {
    case Subset::openai_strict:
      return kOpenAi;
    case Subset::anthropic:
      return kAnthropic;
    case Subset::gemini_json:
      return kGeminiJson;
    case Subset::gemini_openapi:
      break;
  }
  return kGeminiOpenApi;
}

constexpr int kDepthMax = 10;  // OpenAI's
constexpr std::int64_t kPropertiesMax = 5000;
constexpr std::int64_t kNamesMax = 120'000;
constexpr std::int64_t kEnumsMax = 1000;
constexpr std::int64_t kOptionalMax = 24;  // Anthropic's
constexpr std::int64_t kUnionsMax = 16;

class Check {
 public:
  Check(const Json& root, Subset subset) : root_(root), subset_(subset), rules_(rules_of(subset)) {}

  std::optional<std::string> run() {
    if (subset_ == Subset::openai_strict && get(root_, "type") != "object") {
      return "schema must be a JSON Schema of 'type: \"object\"', got 'type: " +
             (get(root_, "type").is_null() ? std::string("\"None\"") : dump(get(root_, "type"))) + "'.";
    }
    if (subset_ == Subset::openai_strict && root_.contains("anyOf")) {
      return "In context=(), 'anyOf' is not permitted at the root.";
    }
    visit(root_, {}, 0);
    if (!objection_ && !rules_.recursion && recurs(root_)) object("Recursive schemas are not supported.");
    if (!objection_) check_size();
    return objection_;
  }

 private:
  void object(std::string what) {
    if (!objection_) objection_ = std::move(what);
  }

  static std::string context(const std::vector<std::string>& path) {
    std::string text = "In context=(";
    for (std::size_t i = 0; i < path.size(); ++i) text += (i > 0 ? ", '" : "'") + path[i] + "'";
    return text + (path.size() == 1 ? ",), " : "), ");
  }

  void visit(const Json& node, std::vector<std::string> path, int depth) {
    if (objection_ || node.is_boolean()) return;
    if (!node.is_object()) return object(context(path) + "a schema must be an object.");
    if (subset_ == Subset::openai_strict && depth > kDepthMax) {
      return object("Invalid schema: nested deeper than " + std::to_string(kDepthMax) + " levels.");
    }
    for (const auto& [key, value] : node.items()) {
      if (lists(rules_.keywords, key)) continue;
      if (subset_ == Subset::anthropic)
        return object("For '" + type_of(node) + "' type, property '" + key + "' is not supported");
      return object(context(path) + "'" + key + "' is not permitted.");
    }
    if (node.contains("$ref")) return check_ref(node, path);
    check_type(node, path);
    check_object(node, path);
    for (const char* name : {"properties", "$defs", "definitions"}) {
      for (const auto& [key, value] : get(node, name).items()) {
        std::vector<std::string> below = path;
        below.insert(below.end(), {name, key});
        visit(value, below, depth + (std::string_view(name) == "properties" ? 1 : 0));
      }
    }
    for (const char* name : {"anyOf", "oneOf", "allOf", "prefixItems"}) {
      std::size_t index = 0;
      for (const Json& value : get(node, name)) {
        std::vector<std::string> below = path;
        below.insert(below.end(), {name, std::to_string(index++)});
        visit(value, below, depth);
      }
    }
    if (const Json& items = get(node, "items"); !items.is_null()) {
      path.emplace_back("items");
      visit(items, path, depth + 1);
    }
  }

  static std::string type_of(const Json& node) {
    const Json& type = get(node, "type");
    return type.is_string() ? type.get<std::string>() : "any";
  }

  void check_ref(const Json& node, const std::vector<std::string>& path) {
    const Json& ref = get(node, "$ref");
    if (!ref.is_string() || !ref.get_ref<const std::string&>().starts_with("#")) {
      return object(context(path) + "only local references ('#/...') are supported.");
    }
    if (resolve(ref.get_ref<const std::string&>()) == nullptr) {
      return object(context(path) + "reference to " + dump(ref) + " cannot be found.");
    }
    if (subset_ == Subset::gemini_json && node.size() > 1) object(context(path) + "'$ref' must stand alone.");
  }

  const Json* resolve(const std::string& ref) const {
    try {
      const Json::json_pointer pointer(ref.substr(1));
      return root_.contains(pointer) ? &root_.at(pointer) : nullptr;
    } catch (const Json::exception&) {
      return nullptr;
    }
  }

  void check_type(const Json& node, const std::vector<std::string>& path) {
    const Json& type = get(node, "type");
    std::vector<Json> types;
    if (type.is_array()) types.assign(type.begin(), type.end());
    if (type.is_string()) types.push_back(type);
    for (const Json& one : types) {
      if (!one.is_string() || !lists(rules_.types, one.get_ref<const std::string&>())) {
        return object(context(path) + "invalid type " + dump(one) + ".");
      }
    }
    const bool typed = !types.empty() || node.contains("anyOf") || node.contains("oneOf") || node.contains("allOf") ||
                       node.contains("enum") || node.contains("const");
    if (!typed && subset_ == Subset::openai_strict) return object(context(path) + "schema must have a 'type' key.");
    if (types.size() > 1) ++unions_;
    if (node.contains("anyOf")) ++unions_;
    const Json& format = get(node, "format");
    if (format.is_string() && !rules_.formats.empty() && !lists(rules_.formats, format.get_ref<const std::string&>())) {
      return object(context(path) + dump(format) + " is not a valid format.");
    }
    if (const Json& least = get(node, "minItems");
        subset_ == Subset::anthropic && !least.is_null() && least != 0 && least != 1) {
      return object("For 'array' type, 'minItems' values other than 0 or 1 are not supported");
    }
    if (const Json& values = get(node, "enum"); values.is_array()) {
      enums_ += static_cast<std::int64_t>(values.size());
      for (const Json& value : values) names_ += characters(dump(value));
    }
    const Json& pattern = get(node, "pattern");
    if (subset_ == Subset::openai_strict && pattern.is_string() &&
        pattern.get_ref<const std::string&>().find("(?") != std::string::npos) {
      object(context(path) + "'pattern' with lookaround is not permitted.");
    }
  }

  void check_object(const Json& node, const std::vector<std::string>& path) {
    const Json& properties = get(node, "properties");
    const Json& type = get(node, "type");
    const bool is_object = type == "object" || properties.is_object() ||
                           (type.is_array() && std::find(type.begin(), type.end(), "object") != type.end());
    if (!is_object) return;
    if (rules_.closed_objects && get(node, "additionalProperties") != false) {
      return object(subset_ == Subset::anthropic
                        ? "For 'object' type, 'additionalProperties' must be explicitly set to false"
                        : context(path) + "'additionalProperties' is required to be supplied and to be false.");
    }
    std::set<std::string> required;
    for (const Json& name : get(node, "required")) {
      if (!name.is_string() || !properties.is_object() || !properties.contains(name.get_ref<const std::string&>())) {
        return object(context(path) + "Extra required key " + dump(name) + " supplied.");
      }
      required.insert(name.get<std::string>());
    }
    for (const auto& [name, value] : properties.items()) {
      ++properties_;
      names_ += characters(name);
      if (required.contains(name)) continue;
      ++optional_;
      if (rules_.all_required) {
        return object(context(path) +
                      "'required' is required to be supplied and to be an array including every key in properties. "
                      "Missing '" +
                      name + "'.");
      }
    }
  }

  // Whether following references leads back to one that is being followed. Each is followed once.
  bool recurs(const Json& node) {
    if (!node.is_structured()) return false;
    if (const Json& ref = get(node, "$ref"); ref.is_string()) {
      const std::string name = ref.get<std::string>();
      if (following_.contains(name)) return true;
      if (!followed_.insert(name).second) return false;
      following_.insert(name);
      const Json* target = resolve(name);
      const bool back = target != nullptr && recurs(*target);
      following_.erase(name);
      return back;
    }
    for (const auto& [key, value] : node.items()) {
      if (key == "$defs" || key == "definitions") continue;  // only what is used
      if (recurs(value)) return true;
    }
    return false;
  }

  void check_size() {
    if (subset_ == Subset::anthropic) {
      if (optional_ > kOptionalMax || unions_ > kUnionsMax) object("Schema is too complex for compilation");
      return;
    }
    if (subset_ != Subset::openai_strict) return;
    if (properties_ > kPropertiesMax) object("Invalid schema: more than 5000 object properties.");
    if (enums_ > kEnumsMax) object("Invalid schema: more than 1000 enum values.");
    if (names_ > kNamesMax) object("Invalid schema: names and enum values of more than 120000 characters.");
  }

  const Json& root_;
  Subset subset_;
  const Rules& rules_;
  std::optional<std::string> objection_;
  std::set<std::string> following_, followed_;
  std::int64_t properties_ = 0, optional_ = 0, unions_ = 0, enums_ = 0, names_ = 0;
};

}  // namespace

std::optional<std::string> objection(const Json& schema, Subset subset) { return Check(schema, subset).run(); }

}  // namespace simulator
