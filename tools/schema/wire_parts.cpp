#include <algorithm>
#include <nlohmann/json.hpp>

#include "tools/schema/nodes.h"
#include "tools/schema/wire_words.h"
#include "tools/schema/wire_writer.h"
#include "tools/schema/words.h"

namespace weir::schema {
namespace {

using nlohmann::json;

bool takes_null(const json& schema) {
  const auto type = schema.find("type");
  if (type != schema.end())
    return *type == "null" || (type->is_array() && std::count(type->begin(), type->end(), "null") > 0);
  const auto any = schema.find("anyOf");
  return any != schema.end() && std::any_of(any->begin(), any->end(), takes_null);
}

const json& null_schema() {
  static const json schema = {{"type", "null"}};
  return schema;
}

}  // namespace

json with_null(json schema) {
  if (takes_null(schema)) return schema;
  if (schema.contains("anyOf")) {
    schema["anyOf"].push_back(null_schema());
  } else if (schema.contains("type") && !schema.contains("const")) {
    json types = schema["type"].is_array() ? schema["type"] : json::array({schema["type"]});
    types.push_back("null");
    schema["type"] = std::move(types);
    if (schema.contains("enum")) schema["enum"].push_back(nullptr);
  } else {
    schema = {{"anyOf", {schema, null_schema()}}};
  }
  return schema;
}

json WireWriter::part(Merged& merged, const std::string& keyword) {
  const Keyword found = merged.keywords.extract(keyword).mapped();
  const json& value = *found.value;
  return schema({&value, found.at.place + "/" + keyword, references_.base_inside(value, found.at.base)});
}

// const and enum. What a provider does not take in an enum leaves the type alone to say what it can.
void WireWriter::choices(const Location& at, Merged& merged, json& out) {
  const bool constant = merged.keywords.contains("const");
  const char* keyword = constant ? "const" : "enum";
  const Keyword found = merged.keywords.extract(keyword).mapped();
  json values = json::array();
  unsigned types = 0;
  bool null = false, whole = true;
  for (const json& value : constant ? json::array({*found.value}) : *found.value) {
    const unsigned bits = type_bits(value);
    if (merged.types != 0 && (merged.types & bits) == 0) continue;  // never valid
    null = null || value.is_null();
    types |= (bits & kInteger) != 0 ? static_cast<unsigned>(kInteger) : bits;
    whole = whole && (value.is_null() || takes_choice(dialect_, value));
    if (!value.is_null()) values.push_back(value);
  }
  if (types == 0) return fail(at, "allows no value, which " + std::string(name_of(dialect_)) + " cannot express");
  if (!whole) drop(found, keyword);
  merged.types = types;
  types &= ~static_cast<unsigned>(kNull);
  if (types == 0) {
    out["type"] = "null";
    return;
  }
  const json names = type_list(types);
  out["type"] = names.size() == 1 ? names[0] : names;
  if ((types & kObject) != 0) object(at, merged, out);
  if ((types & kArray) != 0) array(at, merged, out);
  if (whole && constant && dialect_ != SchemaDialect::google) {
    out["const"] = values[0];
  } else if (whole) {
    out["enum"] = values;
  }
  if (!null) return;
  if (dialect_ != SchemaDialect::google) {
    out = with_null(std::move(out));
    return;
  }
  json branch = json::object();
  for (const char* moved : {"type", "enum"})
    if (out.contains(moved)) branch[moved] = out[moved];
  out.erase("type");
  out.erase("enum");
  out["anyOf"] = {branch, null_schema()};
}

void WireWriter::branches(Merged& merged, json& out) {
  const char* keyword = merged.keywords.contains("anyOf") ? "anyOf" : "oneOf";
  const Keyword found = merged.keywords.extract(keyword).mapped();
  json list = json::array();
  for (std::size_t i = 0; i < found.value->size(); ++i) {
    const json& branch = (*found.value)[i];
    if (branch == false) continue;
    const std::string place = found.at.place + "/" + keyword + "/" + std::to_string(i);
    list.push_back(schema({&branch, place, references_.base_inside(branch, found.at.base)}, merged.types));
  }
  if (list.empty())
    return fail(found.at, "allows no value, which " + std::string(name_of(dialect_)) + " cannot express");
  out["anyOf"] = std::move(list);
}

void WireWriter::object(const Location& at, Merged& merged, json& out) {
  json properties = json::object(), required = json::array();
  for (const auto& [name, place] : merged.properties) {
    if (*place.schema == false) {
      if (!is_closed(dialect_)) dropped_.push_back(place.place);
      continue;
    }
    const bool asked = merged.required.contains(name);
    json property = schema(place);
    if (dialect_ == SchemaDialect::openai_strict && !asked) property = with_null(std::move(property));
    if (asked || dialect_ == SchemaDialect::openai_strict) required.push_back(name);
    properties[name] = std::move(property);
  }
  for (const auto& name : merged.required)
    if (!properties.contains(name)) dropped_.push_back(at.place + "/required: \"" + name + "\"");
  additional(at, merged, out);
  // Gemini refuses an object whose "properties" are there and empty.
  if (!properties.empty() || is_closed(dialect_)) out["properties"] = std::move(properties);
  if (!required.empty() || is_closed(dialect_)) out["required"] = std::move(required);
}

// What there may be beside the properties.
void WireWriter::additional(const Location& at, Merged& merged, json& out) {
  const auto found = merged.keywords.find("additionalProperties");
  const bool said = found != merged.keywords.end();
  if (!is_closed(dialect_)) {
    if (!said) return;
    if (found->second.value->is_boolean()) {
      out["additionalProperties"] = *found->second.value;
      merged.keywords.erase(found);
    } else {
      out["additionalProperties"] = part(merged, "additionalProperties");
    }
    return;
  }
  const bool none = said && *found->second.value == false;
  if (merged.properties.empty() && !none && (said || !merged.has_properties))
    return fail(at, "is an object of free names, which " + std::string(name_of(dialect_)) +
                        " cannot express; name its \"properties\", or take a list of names and values");
  if (said && found->second.value->is_boolean()) merged.keywords.erase(found);
  if (const auto rest = merged.keywords.find("unevaluatedProperties");
      rest != merged.keywords.end() && *rest->second.value == false)
    merged.keywords.erase(rest);
  out["additionalProperties"] = false;
}

void WireWriter::array(const Location& at, Merged& merged, json& out) {
  json prefix = json::array();
  if (const auto found = merged.keywords.find("prefixItems"); found != merged.keywords.end()) {
    const Keyword list = found->second;
    for (std::size_t i = 0; i < list.value->size(); ++i) {
      const json& item = (*list.value)[i];
      prefix.push_back(schema(
          {&item, list.at.place + "/prefixItems/" + std::to_string(i), references_.base_inside(item, list.at.base)}));
    }
    if (is_closed(dialect_)) drop(list, "prefixItems");
    merged.keywords.erase("prefixItems");
  }
  const auto items = merged.keywords.find("items");
  const bool has_items = items != merged.keywords.end() && *items->second.value != false;
  json rest = has_items ? part(merged, "items") : json();
  if (!is_closed(dialect_)) {
    if (has_items) out["items"] = std::move(rest);
    if (!prefix.empty()) out["prefixItems"] = std::move(prefix);
    return;
  }
  if (items != merged.keywords.end() && !has_items && !prefix.empty()) merged.keywords.erase("items");
  if (has_items) prefix.push_back(std::move(rest));
  prefix.erase(std::unique(prefix.begin(), prefix.end()), prefix.end());
  if (prefix.empty())
    return fail(
        at, "is an array of any items, which " + std::string(name_of(dialect_)) + " cannot express; say its \"items\"");
  out["items"] = prefix.size() == 1 ? prefix[0] : json{{"anyOf", prefix}};
}

// All that is left is a limit that the provider takes, or is named as dropped; short ones the model may read.
void WireWriter::limits(Merged& merged, json& out) {
  std::string hints;
  for (const auto& [keyword, found] : merged.keywords) {
    if (is_annotation(keyword)) continue;
    const json& value = *found.value;
    if (value.is_primitive() && !out.contains("anyOf") && takes_limit(dialect_, keyword, value)) {
      out[keyword] = value;
      continue;
    }
    drop(found, keyword);
    if (!value.is_primitive() || value.is_boolean()) continue;
    const std::string words = value.is_string() ? value.get<std::string>() : shown(value, 60);
    if (words.size() <= 60) hints += (hints.empty() ? "" : ", ") + keyword + " " + words;
  }
  if (hints.empty()) return;
  const std::string said = out.value("description", "");
  out["description"] = said.empty() ? hints : said + " (" + hints + ")";
}

}  // namespace weir::schema
