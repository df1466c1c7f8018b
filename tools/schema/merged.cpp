#include "tools/schema/merged.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tools/schema/nodes.h"
#include "tools/schema/words.h"

namespace weir::schema {
namespace {

using nlohmann::json;

unsigned types_of(const json& value) {
  unsigned bits = 0;
  for (const json& name : value.is_array() ? value : json::array({value})) bits |= type_bit(name.get<std::string>());
  return bits;
}

// What both allow; an integer is a number.
unsigned common(unsigned a, unsigned b) {
  if (a == 0 || b == 0) return a | b;
  const unsigned whole = ((a & kInteger) != 0 && (b & kNumber) != 0) || ((b & kInteger) != 0 && (a & kNumber) != 0)
                             ? static_cast<unsigned>(kInteger)
                             : 0U;
  return (a & b) | whole;
}

Location part(const References& references, const Location& at, const json& schema, const std::string& place) {
  return {&schema, at.place + place, references.base_inside(schema, at.base)};
}

void take(const References& references, const Location& at, Merged& into, std::uint64_t& steps, int depth);

void take_keyword(const References& references, const Location& at, const std::string& keyword, const json& value,
                  Merged& into, std::uint64_t& steps, int depth) {
  const std::string place = pointer_step(keyword);
  if (keyword == "$ref") {
    const auto target = references.find(at.base, value.get_ref<const std::string&>());
    if (target) take(references, *target, into, steps, depth + 1);
  } else if (keyword == "allOf") {
    for (std::size_t i = 0; i < value.size(); ++i)
      take(references, part(references, at, value[i], place + "/" + std::to_string(i)), into, steps, depth + 1);
  } else if (keyword == "type") {
    into.types = common(into.types, types_of(value));
  } else if (keyword == "properties") {
    into.has_properties = true;
    for (const auto& [name, schema] : value.items()) {
      const Location here = part(references, at, schema, place + pointer_step(name));
      if (!into.properties.emplace(name, here).second && schema != *into.properties[name].schema)
        into.dropped.push_back(here.place);
    }
  } else if (keyword == "required") {
    for (const json& name : value) into.required.insert(name.get<std::string>());
  } else if (!into.keywords.emplace(keyword, Keyword{&value, at}).second && !is_annotation(keyword) &&
             value != *into.keywords[keyword].value) {
    into.dropped.push_back(at.place + place);
  }
}

void take(const References& references, const Location& at, Merged& into, std::uint64_t& steps, int depth) {
  steps = depth > kChainMax || steps == 0 ? 0 : steps - 1;
  if (steps == 0 || !at.schema->is_object()) return;
  // Its own words first: a description beside a $ref is nearer than the one behind it.
  for (const auto& [keyword, value] : at.schema->items())
    if (keyword != "$ref" && keyword != "allOf") take_keyword(references, at, keyword, value, into, steps, depth);
  for (const char* keyword : {"$ref", "allOf"})
    if (const auto value = at.schema->find(keyword); value != at.schema->end())
      take_keyword(references, at, keyword, *value, into, steps, depth);
}

}  // namespace

bool is_annotation(std::string_view keyword) {
  static const std::set<std::string_view> constraining{"additionalProperties",
                                                       "allOf",
                                                       "anyOf",
                                                       "const",
                                                       "contains",
                                                       "dependencies",
                                                       "dependentRequired",
                                                       "dependentSchemas",
                                                       "else",
                                                       "enum",
                                                       "exclusiveMaximum",
                                                       "exclusiveMinimum",
                                                       "format",
                                                       "if",
                                                       "items",
                                                       "maxContains",
                                                       "maxItems",
                                                       "maxLength",
                                                       "maxProperties",
                                                       "maximum",
                                                       "minContains",
                                                       "minItems",
                                                       "minLength",
                                                       "minProperties",
                                                       "minimum",
                                                       "multipleOf",
                                                       "not",
                                                       "oneOf",
                                                       "pattern",
                                                       "patternProperties",
                                                       "prefixItems",
                                                       "properties",
                                                       "propertyNames",
                                                       "$ref",
                                                       "required",
                                                       "then",
                                                       "type",
                                                       "unevaluatedItems",
                                                       "unevaluatedProperties",
                                                       "uniqueItems"};
  return !constraining.contains(keyword);
}

Merged merge(const References& references, const Location& at, std::uint64_t& steps) {
  Merged merged;
  take(references, at, merged, steps, 0);
  return merged;
}

std::optional<Location> reference_of(const References& references, const Location& at) {
  if (!at.schema->is_object()) return std::nullopt;
  const json& schema = *at.schema;
  std::size_t constraints = 0;
  for (const auto& [keyword, value] : schema.items()) constraints += is_annotation(keyword) ? 0 : 1;
  if (constraints != 1) return std::nullopt;
  if (const auto all = schema.find("allOf"); all != schema.end() && all->size() == 1)
    return reference_of(references, part(references, at, (*all)[0], "/allOf/0"));
  const auto ref = schema.find("$ref");
  if (ref == schema.end()) return std::nullopt;
  const auto target = references.find(at.base, ref->get_ref<const std::string&>());
  return target ? std::optional(*target) : std::nullopt;
}

}  // namespace weir::schema
