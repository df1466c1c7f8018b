#include "tools/catalog/results.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tools/catalog/schema.h"

namespace weir {
namespace {

using nlohmann::json;

json text_row() {
  return {{"type", "object"},
          {"properties",
           {{"text", {{"type", "string"}, {"description", "The model's answer."}}},
            {"truncated", {{"type", "boolean"}, {"description", "The answer was cut at max_output_tokens."}}}}},
          {"required", {"text", "truncated"}}};
}

json judge_row(const ToolSettings& tool) {
  json names = json::array(), probabilities = json::object();
  for (const LabelSettings& label : tool.of_kind.labels) {
    names.push_back(label.name);
    probabilities[label.name] = {{"type", "number"}, {"minimum", 0}, {"maximum", 1}};
  }
  return {{"type", "object"},
          {"properties",
           {{"answer", {{"type", "string"}, {"enum", names}, {"description", "The most probable answer."}}},
            {"probabilities",
             {{"type", "object"},
              {"properties", probabilities},
              {"required", names},
              {"description", "How probable each answer is; they sum to 1."}}},
            {"method",
             {{"type", "string"},
              {"enum", {"logprobs", "stated"}},
              {"description", "logprobs: measured by the model's first word; stated: as the model itself says."}}}}},
          {"required", {"answer", "probabilities", "method"}}};
}

json vector_row() {
  return {{"type", "object"},
          {"properties",
           {{"vector", {{"type", "array"}, {"items", {{"type", "number"}}}, {"description", "The text's embedding."}}},
            {"dimensions", {{"type", "integer"}, {"minimum", 1}}}}},
          {"required", {"vector", "dimensions"}}};
}

json row_of(const ToolSettings& tool) {
  if (tool.kind == "http") return {{"type", "object"}};  // what the API answers
  if (tool.kind == "embed") return vector_row();
  if (tool.kind == "judge") return judge_row(tool);
  return tool.output_schema.empty() ? text_row() : json::parse(tool.output_schema);
}

// A schema that moves from the root into $defs: what pointed into the root points there.
void point_into(const std::string& place, json& schema) {
  if (schema.is_object()) {
    if (const auto ref = schema.find("$ref"); ref != schema.end() && ref->is_string()) {
      const std::string target = ref->get<std::string>();
      if (target == "#" || target.starts_with("#/")) *ref = place + target.substr(1);
    }
    for (auto& [key, member] : schema.items())
      if (key != "const" && key != "enum" && key != "default" && key != "examples") point_into(place, member);
  } else if (schema.is_array()) {
    for (json& item : schema) point_into(place, item);
  }
}

json failures() {
  return {{"type", "array"},
          {"description", "The rows without an answer, and why."},
          {"items",
           {{"type", "object"},
            {"properties",
             {{"row", {{"type", "integer"}, {"description", "Its number, from 0."}}},
              {"reason", {{"type", "string"}}},
              {"retry_after_ms", {{"type", "integer"}}}}},
            {"required", {"row", "reason"}}}}};
}

json more() {
  return {{"type", "object"},
          {"description", "The result is larger than one answer may be: the rest is to be read there."},
          {"properties",
           {{"uri", {{"type", "string"}}}, {"rows", {{"type", "integer"}, {"description", "How many rows follow."}}}}},
          {"required", {"uri"}}};
}

}  // namespace

json output_schema(const ToolSettings& tool) {
  json row = row_of(tool);
  const bool words = tool.kind != "http" && tool.kind != "embed" && tool.kind != "judge" && tool.output_schema.empty();
  if (tool.list.empty() || tool.kind == "reduce") {
    if (!words) return row;
    json whole = map_output_schema();
    whole["properties"]["more"] = more();
    return whole;
  }
  constexpr const char* kPlace = "#/$defs/row";
  json properties = json::object();
  if (const auto of_row = row.find("properties"); of_row != row.end())
    for (const auto& [name, unused] : of_row->items()) {
      std::string escaped;
      for (const char c : name) escaped += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
      properties[name] = {{"$ref", fmt::format("{}/properties/{}", kPlace, escaped)}};
    }
  if (words)
    for (const char* name : {"model", "finish"}) properties[name] = map_output_schema()["properties"][name];
  if (!row.contains("$id")) point_into(kPlace, row);
  properties["results"] = {
      {"type", "array"},
      {"description", fmt::format("Of a list: the answers in the order of {}s; null where a row failed.", tool.list)},
      {"items", {{"anyOf", {{{"$ref", kPlace}}, {{"type", "null"}}}}}}};
  properties["failures"] = failures();
  properties["more"] = more();
  json whole = {{"type", "object"}, {"properties", properties}};
  if (const auto dialect = row.find("$schema"); dialect != row.end()) {  // a root's keyword
    whole["$schema"] = *dialect;
    row.erase("$schema");
  }
  whole["$defs"]["row"] = std::move(row);
  return whole;
}

json with_list(json schema, const ToolSettings& tool) {
  if (tool.list.empty()) return schema;
  const std::string many = tool.list + "s";
  json& properties = schema["properties"];
  json item = properties[tool.list];
  item.erase("description");
  item.erase("default");
  properties[many] = {{"type", "array"}, {"items", item}, {"minItems", 1}, {"maxItems", tool.list_max}};
  if (tool.kind == "reduce") {
    properties[many]["description"] = "The texts, in their order.";
    properties.erase(tool.list);
  } else {
    properties[many]["description"] =
        fmt::format("Instead of {}: many of them, each answered by itself, in their order.", tool.list);
  }
  if (auto required = schema.find("required"); required != schema.end()) {
    required->erase(std::remove(required->begin(), required->end(), json(tool.list)), required->end());
    if (tool.kind == "reduce") required->push_back(many);
    if (required->empty()) schema.erase("required");
  }
  return schema;
}

}  // namespace weir
