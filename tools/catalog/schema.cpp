#include "tools/catalog/schema.h"

#include <nlohmann/json.hpp>

#include "tools/catalog/values.h"

namespace weir {

using nlohmann::json;

json property_schema(const InputSettings& input) {
  json schema{{"type", type_name(input.type)}};
  if (!input.description.empty()) schema["description"] = input.description;
  if (input.default_value) schema["default"] = json_of(*input.default_value);
  if (input.min_length) schema["minLength"] = *input.min_length;
  if (input.max_length) schema["maxLength"] = *input.max_length;
  if (input.minimum) schema["minimum"] = json_of(*input.minimum);
  if (input.maximum) schema["maximum"] = json_of(*input.maximum);
  if (!input.pattern.empty()) schema["pattern"] = input.pattern;
  for (const InputValue& value : input.one_of) schema["enum"].push_back(json_of(value));
  return schema;
}

json input_schema(const std::vector<InputSettings>& inputs) {
  json schema{{"type", "object"}, {"properties", json::object()}, {"additionalProperties", false}};
  for (const InputSettings& input : inputs) {
    schema["properties"][input.name] = property_schema(input);
    if (input.required) schema["required"].push_back(input.name);
  }
  return schema;
}

json map_output_schema() {
  return {{"type", "object"},
          {"properties",
           {{"text", {{"type", "string"}, {"description", "The model's answer."}}},
            {"model", {{"type", "string"}, {"description", "The model that answered, as its provider names it."}}},
            {"finish", {{"type", "string"}, {"enum", {"stop", "length"}}, {"description", "Why the answer ended."}}},
            {"truncated", {{"type", "boolean"}, {"description", "The answer was cut at max_output_tokens."}}}}},
          {"required", {"text", "model", "finish", "truncated"}}};
}

}  // namespace weir
