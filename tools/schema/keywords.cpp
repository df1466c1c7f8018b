// The keywords of JSON Schema 2020-12, a row each: how it is read, and what it has to be.
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "tools/schema/compiler.h"
#include "tools/schema/formats.h"
#include "tools/schema/patterns.h"
#include "tools/schema/words.h"

namespace weir::schema {
namespace {

using nlohmann::json;

struct Reading {
  Compiler& compiler;
  Node& node;
  const Location& at;
  const std::string& keyword;
  const json& value;

  std::string step() const { return pointer_step(keyword); }
  void mistake(std::string_view what) const { compiler.mistake(at.place + step(), what); }
  void must_be(std::string_view what) const {
    mistake("must be " + std::string(what) + ", is " +
            (value.is_primitive() ? shown(value, 60) : std::string(kind_of(value))));
  }
};
using Read = std::function<void(const Reading&)>;

Read annotation() {
  return [](const Reading&) {};
}
Read words() {
  return [](const Reading& r) {
    if (!r.value.is_string()) r.must_be("a string");
  };
}
Read refused(std::string why) {
  return [why](const Reading& r) { r.mistake("is not supported: " + why); };
}

Read schema(const Node* Node::*member) {
  return [member](const Reading& r) { r.node.*member = r.compiler.part_of(r.at, r.value, r.step()); };
}
Read schemas(Nodes Node::*member) {
  return [member](const Reading& r) {
    if (!r.value.is_array() || r.value.empty()) return r.must_be("a list of at least one schema");
    for (std::size_t i = 0; i < r.value.size(); ++i)
      (r.node.*member).push_back(r.compiler.part_of(r.at, r.value[i], r.step() + "/" + std::to_string(i)));
  };
}
using Take = std::function<void(const Reading&, const std::string& name, const Node*)>;
Read schema_map(const Take& take) {
  return [take](const Reading& r) {
    if (!r.value.is_object()) return r.must_be("an object of names and schemas");
    for (const auto& [name, part] : r.value.items())
      take(r, name, r.compiler.part_of(r.at, part, r.step() + pointer_step(name)));
  };
}

Read count(Span Node::*member, std::uint64_t Span::*end) {
  return [member, end](const Reading& r) {
    const bool whole = is_whole(r.value) && number_of(r.value) >= 0;
    if (!whole) return r.must_be("a whole number, 0 or more");
    const bool fits = number_of(r.value) < static_cast<Number>(std::numeric_limits<std::uint64_t>::max());
    r.node.*member.*end =
        fits ? static_cast<std::uint64_t>(number_of(r.value)) : std::numeric_limits<std::uint64_t>::max();
  };
}
Read bound(std::optional<Number> Node::*member) {
  return [member](const Reading& r) {
    if (!r.value.is_number()) return r.must_be("a number");
    r.node.*member = number_of(r.value);
  };
}
Read flag(bool Node::*member) {
  return [member](const Reading& r) {
    if (!r.value.is_boolean()) return r.must_be("true or false");
    r.node.*member = r.value.get<bool>();
  };
}

void read_multiple_of(const Reading& r) {
  const auto decimal = decimal_of(r.value);
  if (!decimal || number_of(r.value) <= 0) return r.must_be("a number above 0");
  r.node.multiple_of = *decimal;
  r.node.multiple_text = shown(r.value, 40);
}

void read_type(const Reading& r) {
  const json list = r.value.is_array() ? r.value : json::array({r.value});
  if (list.empty()) return r.must_be("a type, or a list of at least one");
  for (const json& name : list) {
    const unsigned bit = name.is_string() ? type_bit(name.get_ref<const std::string&>()) : 0;
    if (bit == 0)
      return r.mistake("must be null, boolean, object, array, string, number or integer, is " + shown(name, 60));
    if ((r.node.types & bit) != 0) return r.mistake("lists " + shown(name, 60) + " twice");
    r.node.types |= bit;
  }
}

void read_enum(const Reading& r) {
  if (!r.value.is_array()) return r.must_be("a list of values");
  r.node.choices = &r.value;
}

void read_pattern(const Reading& r) {
  if (!r.value.is_string()) return r.must_be("a pattern, as a string");
  auto pattern = compile_pattern(r.value.get<std::string>());
  if (pattern) {
    r.node.pattern = *pattern;
    r.node.pattern_text = clipped(r.value.get_ref<const std::string&>(), 120);
    return;
  }
  // Zod spells out email, hostname and duration with lookaround, beside the format: the format is what is asserted.
  const auto format = r.at.schema->find("format");
  const bool said = format != r.at.schema->end() && format->is_string();
  r.node.format_asserted = said && format_of(format->get_ref<const std::string&>()) != Format::none;
  if (!r.node.format_asserted) r.mistake(pattern.error());
}

void read_pattern_property(const Reading& r, const std::string& name, const Node* node) {
  auto pattern = compile_pattern(name);
  if (!pattern) return r.compiler.mistake(r.at.place + r.step() + pointer_step(name), pattern.error());
  r.node.pattern_properties.emplace_back(*pattern, node);
}

void read_format(const Reading& r) {
  if (!r.value.is_string()) return r.must_be("the name of a format");
  r.node.format = format_of(r.value.get_ref<const std::string&>());
}

bool read_names(const Reading& r, const json& names, const std::string& place, std::vector<std::string>& into) {
  std::set<std::string> seen;
  if (!names.is_array()) return false;
  for (const json& name : names) {
    if (!name.is_string()) return false;
    if (!seen.insert(name.get<std::string>()).second) {
      r.compiler.mistake(place, "names " + shown(name, 60) + " twice");
    } else {
      into.push_back(name.get<std::string>());
    }
  }
  return true;
}

void read_required(const Reading& r) {
  if (!read_names(r, r.value, r.at.place + r.step(), r.node.required)) r.must_be("a list of property names");
}

// dependentRequired and dependentSchemas; "dependencies" of draft 7 is both.
void read_dependents(const Reading& r, bool names, bool schemas) {
  if (!r.value.is_object()) return r.must_be("an object of property names, and what each asks for");
  for (const auto& [name, part] : r.value.items()) {
    const std::string step = r.step() + pointer_step(name);
    if (schemas && !part.is_array()) {
      r.node.dependent_schemas.emplace_back(name, r.compiler.part_of(r.at, part, step));
      continue;
    }
    std::vector<std::string> asked;
    if (!names || !read_names(r, part, r.at.place + step, asked)) {
      r.compiler.mistake(r.at.place + step, names ? "must be a list of property names" : "must be a schema");
    } else {
      r.node.dependent_required.emplace_back(name, std::move(asked));
    }
  }
}

void read_items(const Reading& r) {
  if (r.value.is_array()) return r.mistake("must be one schema; a list of them is \"prefixItems\" since 2020-12");
  r.node.items = r.compiler.part_of(r.at, r.value, r.step());
}

void read_ref(const Reading& r) {
  if (!r.value.is_string()) return r.must_be("a reference, as a string");
  r.compiler.refer(r.node, r.at, r.value.get<std::string>());
}

void read_name(const Reading& r) {
  constexpr std::string_view kMay = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789-.";
  if (!r.value.is_string()) return r.must_be("a name");
  const auto& name = r.value.get_ref<const std::string&>();
  if (name.empty() || kMay.find(name[0]) >= 53 || name.find_first_not_of(kMay) != name.npos)
    r.must_be("a letter or \"_\", and then letters, digits, \"_\", \"-\" or \".\"");
}

void read_dialect(const Reading& r) {
  std::string name = r.value.is_string() ? r.value.get<std::string>() : "";
  if (name.ends_with('#')) name.pop_back();
  for (const auto known :
       {"https://json-schema.org/draft/2020-12/schema", "https://json-schema.org/draft/2019-09/schema",
        "http://json-schema.org/draft-07/schema", "https://json-schema.org/draft-07/schema"})
    if (name == known) return;
  r.must_be("\"https://json-schema.org/draft/2020-12/schema\"");
}

const std::map<std::string_view, Read>& table() {
  static const std::map<std::string_view, Read> rows{
      {"$schema", read_dialect},
      {"$id", words()},
      {"$anchor", read_name},
      {"$dynamicAnchor", read_name},  // without $dynamicRef, a name like any
      {"$ref", read_ref},
      {"$defs", schema_map([](const Reading&, const std::string&, const Node*) {})},
      {"definitions", schema_map([](const Reading&, const std::string&, const Node*) {})},
      {"$comment", words()},
      {"title", words()},
      {"description", words()},
      {"type", read_type},
      {"const", [](const Reading& r) { r.node.constant = &r.value; }},
      {"enum", read_enum},
      {"multipleOf", read_multiple_of},
      {"minimum", bound(&Node::minimum)},
      {"maximum", bound(&Node::maximum)},
      {"exclusiveMinimum", bound(&Node::above)},
      {"exclusiveMaximum", bound(&Node::below)},
      {"minLength", count(&Node::length, &Span::least)},
      {"maxLength", count(&Node::length, &Span::most)},
      {"pattern", read_pattern},
      {"format", read_format},
      {"minItems", count(&Node::item_count, &Span::least)},
      {"maxItems", count(&Node::item_count, &Span::most)},
      {"uniqueItems", flag(&Node::unique_items)},
      {"minContains", count(&Node::contained, &Span::least)},
      {"maxContains", count(&Node::contained, &Span::most)},
      {"prefixItems", schemas(&Node::prefix_items)},
      {"items", read_items},
      {"contains", schema(&Node::contains)},
      {"unevaluatedItems", schema(&Node::unevaluated_items)},
      {"minProperties", count(&Node::property_count, &Span::least)},
      {"maxProperties", count(&Node::property_count, &Span::most)},
      {"required", read_required},
      {"dependentRequired", [](const Reading& r) { read_dependents(r, true, false); }},
      {"dependentSchemas", [](const Reading& r) { read_dependents(r, false, true); }},
      {"dependencies", [](const Reading& r) { read_dependents(r, true, true); }},
      {"properties", schema_map([](const Reading& r, const std::string& name, const Node* node) {
         r.node.properties.emplace(name, node);
       })},
      {"patternProperties", schema_map(read_pattern_property)},
      {"additionalProperties", schema(&Node::additional_properties)},
      {"propertyNames", schema(&Node::property_names)},
      {"unevaluatedProperties", schema(&Node::unevaluated_properties)},
      {"allOf", schemas(&Node::all_of)},
      {"anyOf", schemas(&Node::any_of)},
      {"oneOf", schemas(&Node::one_of)},
      {"not", schema(&Node::not_of)},
      {"if", schema(&Node::if_of)},
      {"then", schema(&Node::then_of)},
      {"else", schema(&Node::else_of)},
      // Annotations: of the specification, of OpenAPI (as Pydantic writes it), and of Gemini.
      {"default", [](const Reading& r) { r.node.default_value = &r.value; }},
      {"examples", annotation()},
      {"example", annotation()},
      {"deprecated", annotation()},
      {"readOnly", annotation()},
      {"writeOnly", annotation()},
      {"contentEncoding", annotation()},
      {"contentMediaType", annotation()},
      {"contentSchema", annotation()},
      {"discriminator", annotation()},
      {"externalDocs", annotation()},
      {"xml", annotation()},
      {"propertyOrdering", annotation()},
      {"$dynamicRef", refused("a $ref means the same here unless other documents extend this one; use $ref")},
      {"$recursiveRef", refused("it is of draft 2019-09; use $ref")},
      {"$recursiveAnchor", refused("it is of draft 2019-09; use $anchor")},
      {"$vocabulary", refused("schemas that describe schemas are not read; leave it out")},
      {"additionalItems", refused("it is of draft 7; a list is \"prefixItems\", and what follows it is \"items\"")},
      {"nullable",
       refused("it is OpenAPI's; write \"type\": [\"string\", \"null\"], or anyOf with {\"type\": \"null\"}")},
  };
  return rows;
}

}  // namespace

bool read_keyword(Compiler& compiler, Node& node, const Location& at, const std::string& keyword, const json& value) {
  const auto row = table().find(keyword);
  if (row == table().end()) return false;
  row->second({compiler, node, at, keyword, value});
  return true;
}

const std::vector<std::string>& keyword_names() {
  static const auto names = [] {
    std::vector<std::string> all;
    for (const auto& [name, read] : table()) all.emplace_back(name);
    return all;
  }();
  return names;
}

}  // namespace weir::schema
