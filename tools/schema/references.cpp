#include "tools/schema/references.h"

#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>

#include "tools/schema/positions.h"

namespace weir::schema {
namespace {

using nlohmann::json;

int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

std::string percent_decoded(std::string_view text) {
  std::string decoded;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool coded = text[at] == '%' && at + 2 < text.size() && hex(text[at + 1]) >= 0 && hex(text[at + 2]) >= 0;
    decoded += coded ? static_cast<char>(hex(text[at + 1]) * 16 + hex(text[at + 2])) : text[at];
    at += coded ? 2 : 0;
  }
  return decoded;
}

std::string unescaped(std::string_view step) {
  std::string key;
  for (std::size_t at = 0; at < step.size(); ++at) {
    const bool coded = step[at] == '~' && at + 1 < step.size() && (step[at + 1] == '0' || step[at + 1] == '1');
    key += coded ? (step[at + 1] == '0' ? '~' : '/') : step[at];
    at += coded ? 1 : 0;
  }
  return key;
}

const json* child(const json& value, const std::string& key) {
  if (value.is_object()) {
    const auto found = value.find(key);
    return found == value.end() ? nullptr : &*found;
  }
  std::size_t index = 0;
  const auto end = key.data() + key.size();
  if (!value.is_array() || key.empty() || (key.size() > 1 && key[0] == '0')) return nullptr;
  if (std::from_chars(key.data(), end, index).ptr != end || index >= value.size()) return nullptr;
  return &value[index];
}

}  // namespace

Holds holds(std::string_view keyword) {
  for (const auto one : {"additionalProperties", "contains", "contentSchema", "else", "if", "items", "not",
                         "propertyNames", "then", "unevaluatedItems", "unevaluatedProperties"})
    if (keyword == one) return Holds::one;
  for (const auto list : {"allOf", "anyOf", "oneOf", "prefixItems"})
    if (keyword == list) return Holds::list;
  for (const auto map : {"$defs", "definitions", "dependencies", "dependentSchemas", "patternProperties", "properties"})
    if (keyword == map) return Holds::map;
  return Holds::nothing;
}

References::References(const json& document) : document_(document) {
  resources_[""] = {&document, "#", ""};
  read(document, "#", "");
}

Location References::root() const { return {&document_, "#", base_inside(document_, "")}; }

std::string References::base_inside(const json& schema, const std::string& outer) const {
  const auto own = bases_.find(&schema);
  return own == bases_.end() ? outer : own->second;
}

void References::read(const json& schema, const std::string& place, const std::string& outer) {
  if (!schema.is_object()) return;
  Location here{&schema, place, outer};
  const auto id = schema.find("$id");
  if (id != schema.end() && id->is_string()) {
    here.base = resolve_uri(outer, id->get_ref<const std::string&>());
    const auto hash = here.base.find('#');
    if (hash != here.base.npos && hash + 1 != here.base.size())
      mistakes_.emplace_back(place + "/$id",
                             "must have no fragment (\"#...\"); to name a schema inside a document use $anchor");
    here.base.resize(std::min(hash, here.base.size()));
    bases_[&schema] = here.base;
    if (!resources_.emplace(here.base, here).second && place != "#")
      mistakes_.emplace_back(place + "/$id", "names a second schema \"" + here.base + "\"; each $id has to be another");
  }
  read_name(schema, "$anchor", here);
  read_name(schema, "$dynamicAnchor", here);
  for (const auto& [keyword, value] : schema.items()) {
    const std::string inside = place + pointer_step(keyword);
    const Holds how = holds(keyword);
    if (how == Holds::one) read(value, inside, here.base);
    if ((how == Holds::list && value.is_array()) || (how == Holds::map && value.is_object()))
      for (const auto& [key, part] : value.items()) read(part, inside + pointer_step(key), here.base);
  }
}

void References::read_name(const json& schema, const char* keyword, const Location& here) {
  const auto name = schema.find(keyword);
  if (name == schema.end() || !name->is_string()) return;
  const std::string full = here.base + '#' + name->get<std::string>();
  const auto [at, is_new] = names_.emplace(full, here);
  if (!is_new && at->second.schema != here.schema)
    mistakes_.emplace_back(here.place + "/" + keyword, "\"" + name->get<std::string>() + "\" is the name of " +
                                                           at->second.place + " too; each has to have its own");
}

tl::expected<Location, std::string> References::find(std::string_view base, std::string_view reference) const {
  const std::string target = resolve_uri(base, reference);
  const auto hash = std::min(target.find('#'), target.size());
  const std::string document = target.substr(0, hash);
  const std::string fragment = percent_decoded(std::string_view(target).substr(std::min(hash + 1, target.size())));
  const auto resource = resources_.find(document);
  if (resource == resources_.end())
    return tl::unexpected("leads to another document, \"" + document +
                          "\"; nothing is fetched: put it under $defs here, and refer to \"#/$defs/NAME\"");
  if (fragment.empty()) return resource->second;
  if (fragment.front() == '/') return walk(resource->second, fragment);
  const auto name = names_.find(document + '#' + fragment);
  if (name == names_.end()) return tl::unexpected("leads to \"#" + fragment + "\", but no $anchor has this name");
  return name->second;
}

tl::expected<Location, std::string> References::walk(Location from, std::string_view pointer) const {
  const std::string whole(pointer);
  while (!pointer.empty()) {
    pointer.remove_prefix(1);
    const auto step = pointer.substr(0, pointer.find('/'));
    pointer.remove_prefix(step.size());
    const std::string key = unescaped(step);
    const json* next = child(*from.schema, key);
    if (next == nullptr)
      return tl::unexpected("leads to \"#" + whole + "\", but there is no \"" + key + "\" in " + from.place);
    from = {next, from.place + pointer_step(key), base_inside(*next, from.base)};
  }
  return from;
}

}  // namespace weir::schema
