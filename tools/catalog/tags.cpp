#include "tools/catalog/tags.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "config/mistakes.h"
#include "tools/providers/wire_json.h"

namespace weir {
namespace {

using nlohmann::json;
using Names = std::vector<std::string>;

constexpr std::size_t kSchemasMax = 1'000;  // of one place
constexpr const char* kAlternatives[] = {"allOf", "anyOf", "oneOf"};

// All schemas that a value may be held to. `any`: some of them do not say, and everything is possible.
struct Place {
  std::vector<const json*> schemas{};
  bool any = false;
  std::set<const json*> met{};  // also those that only lead on
};

bool has_type(const json& schema, std::string_view type) {
  const json* types = member(schema, "type");
  if (types == nullptr) return false;
  if (!types->is_array()) return *types == type;
  return std::find(types->begin(), types->end(), type) != types->end();
}

// What `#`, `#/$defs/a` lead to; null for what is no such path.
const json* target_of(const json& document, std::string_view reference) {
  if (!reference.starts_with('#')) return nullptr;
  reference.remove_prefix(1);
  const json* at = &document;
  while (at != nullptr && !reference.empty()) {
    if (reference.front() != '/') return nullptr;
    reference.remove_prefix(1);
    const std::string step(reference.substr(0, reference.find('/')));
    if (step.find_first_of("~%") != step.npos || at->is_array()) return nullptr;
    at = member(*at, step.c_str());
    reference.remove_prefix(step.size());
  }
  return at;
}

class Schemas {
 public:
  explicit Schemas(const json& document) : document_(document) {}

  Place root() const { return of(document_); }

  // The property of that name; nothing when there is none.
  Place property(const Place& place, const std::string& name) const {
    Place found{{}, place.any, {}};
    for (const json* schema : place.schemas) {
      const json* properties = member(*schema, "properties");
      if (const json* known = properties == nullptr ? nullptr : member(*properties, name.c_str())) {
        add(*known, found);
        continue;
      }
      const json* others = member(*schema, "additionalProperties");
      const bool closed = others == nullptr ? properties != nullptr : *others == false;
      if (member(*schema, "patternProperties") != nullptr) found.any = true;
      if (closed || !may_be_object(*schema)) continue;
      if (others != nullptr && others->is_object()) {
        add(*others, found);
      } else {
        found.any = true;
      }
    }
    return found;
  }

  // What a section over it is about: each item of a list, otherwise the value itself.
  Place inside(const Place& place) const {
    Place found{{}, place.any, {}};
    for (const json* schema : place.schemas) {
      const json* items = member(*schema, "items");
      const json* first = member(*schema, "prefixItems");
      const bool is_list = has_type(*schema, "array") || items != nullptr || first != nullptr;
      if (items != nullptr) add(*items, found);
      if (first != nullptr && first->is_array())
        for (const json& item : *first) add(item, found);
      if (is_list && items == nullptr && first == nullptr) found.any = true;
      if (!is_list || has_type(*schema, "object")) found.schemas.push_back(schema);
    }
    return found;
  }

  static bool is_known(const Place& place) { return place.any || !place.schemas.empty(); }

  static void add_names(const Place& place, Names& names) {
    for (const json* schema : place.schemas) {
      const json* properties = member(*schema, "properties");
      if (properties == nullptr || !properties->is_object()) continue;
      for (const auto& [name, property] : properties->items())
        if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
  }

 private:
  static bool may_be_object(const json& schema) {
    return member(schema, "type") == nullptr || has_type(schema, "object");
  }

  Place of(const json& schema) const {
    Place place;
    add(schema, place);
    return place;
  }

  // The schema, and those that it points to or chooses from.
  void add(const json& schema, Place& place) const {
    if (!schema.is_object() || place.met.size() >= kSchemasMax) {
      place.any = place.any || schema != false;
      return;
    }
    if (!place.met.insert(&schema).second) return;
    bool leads_on = false;
    for (const char* keyword : kAlternatives) {
      const json* list = member(schema, keyword);
      if (list == nullptr || !list->is_array()) continue;
      leads_on = true;
      for (const json& one : *list) add(one, place);
    }
    if (const json* reference = member(schema, "$ref")) {
      leads_on = true;
      const json* target = target_of(document_, text_of(reference));
      if (target == nullptr) {
        place.any = true;
      } else {
        add(*target, place);
      }
    }
    if (!leads_on || schema.contains("type") || schema.contains("properties")) place.schemas.push_back(&schema);
  }

  const json& document_;
};

class TagReader {
 public:
  TagReader(const Template& text, const json& schema) : text_(text), schema_(schema), schemas_(schema) {}

  TagCheck read() {
    for (const Template::Tag& tag : text_.tags()) {
      line_ = tag.line;
      const Place place = place_of(tag);
      if (tag.section) check_section(tag);
      insides_.push_back(schemas_.inside(place));
    }
    return std::move(check_);
  }

 private:
  Place place_of(const Template::Tag& tag) {
    if (tag.name == ".") {
      if (tag.within >= 0) return insides_[static_cast<std::size_t>(tag.within)];
      mistake("\".\" is the item of the section around it, and there is none; a tag holds an input's name");
      return {{}, true, {}};
    }
    const auto parts = Template::path_of(tag.name);
    Names names;
    Place place = first_part(tag, parts.front(), names);
    if (!Schemas::is_known(place)) {
      mistake(unknown(tag.name, parts.front(), names));
      return {{}, true, {}};
    }
    for (std::size_t i = 1; i < parts.size(); ++i) {
      const Place part = schemas_.property(place, parts[i]);
      if (!Schemas::is_known(part)) {
        Names known;
        Schemas::add_names(place, known);
        mistake(known.empty() ? fmt::format("{}: {} is no object", in_quotes(tag.name), in_quotes(parts[i - 1]))
                              : fmt::format("{}: no property named {} in {}{}", in_quotes(tag.name),
                                            in_quotes(parts[i]), in_quotes(parts[i - 1]), suggestion(parts[i], known)));
        return {{}, true, {}};
      }
      place = part;
    }
    return place;
  }

  Place first_part(const Template::Tag& tag, const std::string& name, Names& names) {
    const auto& tags = text_.tags();
    for (int around = tag.within; around >= 0; around = tags[static_cast<std::size_t>(around)].within) {
      const Place& inside = insides_[static_cast<std::size_t>(around)];
      Place found = schemas_.property(inside, name);
      if (found.any) note_use(name);  // it may be there, or further out
      if (Schemas::is_known(found)) return found;
      Schemas::add_names(inside, names);
    }
    note_use(name);
    Schemas::add_names(schemas_.root(), names);
    return schemas_.property(schemas_.root(), name);
  }

  void note_use(const std::string& name) {
    if (const json* properties = member(schema_, "properties"); properties->contains(name)) check_.used.insert(name);
  }

  // A number that is always there is no condition.
  void check_section(const Template::Tag& tag) {
    const json* property = member(*member(schema_, "properties"), tag.name.c_str());
    if (tag.within >= 0 || property == nullptr) return;
    const json* required = member(schema_, "required");
    const bool always =
        property->contains("default") ||
        (required != nullptr && std::find(required->begin(), required->end(), tag.name) != required->end());
    const std::string type = text_of(member(*property, "type"));
    if (!always || (type != "integer" && type != "number")) return;
    mistake(fmt::format("a section depends on {}, which is {}; it must be a boolean or a string", in_quotes(tag.name),
                        type == "integer" ? "an integer" : "a number"));
  }

  static std::string unknown(const std::string& tag, const std::string& name, const Names& known) {
    const bool plain = !name.empty() && tag.find_first_of(" \t\r\n|()[]{}<>'\"") == tag.npos;
    if (!plain) return fmt::format("{} is not a name; a tag holds an input's name and nothing else", in_quotes(tag));
    if (known.empty())
      return fmt::format("no input named {}; the tool declares none: add input.{} = {{ type = \"string\" }}",
                         in_quotes(name), name);
    return fmt::format("no input named {}{}", in_quotes(name), suggestion(name, known));
  }

  void mistake(std::string what) { check_.mistakes.push_back({line_, std::move(what)}); }

  const Template& text_;
  const json& schema_;
  const Schemas schemas_;
  std::vector<Place> insides_;  // of each tag so far
  int line_ = 1;
  TagCheck check_;
};

}  // namespace

TagCheck check_tags(const Template& text, const json& schema) { return TagReader(text, schema).read(); }

}  // namespace weir
