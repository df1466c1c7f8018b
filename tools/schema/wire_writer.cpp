#include "tools/schema/wire_writer.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tools/schema/nodes.h"
#include "tools/schema/wire_words.h"
#include "tools/schema/words.h"

namespace weir::schema {
namespace {

using nlohmann::json;

constexpr std::size_t kNameMax = 64;

// The end of a place, as a name that every provider takes.
std::string definition_name(const std::string& place) {
  std::string name = place.substr(std::min(place.rfind('/'), place.size() - 1) + 1);
  for (char& c : name) {
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    if (!plain) c = '_';
  }
  name.resize(std::min(name.size(), kNameMax - 8));
  return name.empty() ? "root" : name;
}

// The definitions that a schema mentions.
void mentioned(const json& wire, std::set<std::string>& names) {
  if (wire.is_object() && wire.contains("$ref") && wire["$ref"].is_string())
    names.insert(wire["$ref"].get<std::string>().substr(std::string_view("#/$defs/").size()));
  if (wire.is_structured())
    for (const json& part : wire) mentioned(part, names);
}

// Those that are in a circle of mentions, or between two of them.
std::set<std::string> circular(const json& definitions) {
  std::map<std::string, std::set<std::string>> leads, comes;
  for (const auto& [name, schema] : definitions.items()) {
    mentioned(schema, leads[name]);
    for (const auto& to : leads[name]) comes[to].insert(name);
  }
  std::set<std::string> left;
  for (const auto& [name, to] : leads) left.insert(name);
  for (const auto* edges : {&leads, &comes}) {
    const auto& back = edges == &leads ? comes : leads;
    std::vector<std::string> ends(left.begin(), left.end());
    while (!ends.empty()) {
      const std::string name = ends.back();
      ends.pop_back();
      const auto on = edges->find(name);
      const bool goes_on = on != edges->end() && std::any_of(on->second.begin(), on->second.end(),
                                                             [&](const auto& to) { return left.contains(to); });
      if (goes_on || left.erase(name) == 0) continue;
      if (const auto before = back.find(name); before != back.end())
        ends.insert(ends.end(), before->second.begin(), before->second.end());
    }
  }
  return left;
}

// Whether something that leads into a circle was required.
bool loosen(json& wire, const std::set<std::string>& circle) {
  bool loosened = false;
  if (wire.is_object() && wire.contains("properties") && wire.contains("required")) {
    json required = json::array();
    for (const json& name : wire["required"]) {
      std::set<std::string> names;
      mentioned(wire["properties"][name.get<std::string>()], names);
      const bool leads = std::any_of(names.begin(), names.end(), [&](const auto& to) { return circle.contains(to); });
      loosened = loosened || leads;
      if (!leads) required.push_back(name);
    }
    wire["required"] = std::move(required);
  }
  if (wire.is_structured())
    for (json& part : wire) loosened = loosen(part, circle) || loosened;
  return loosened;
}

}  // namespace

tl::expected<WireSchema, std::string> WireWriter::write() {
  Location root = references_.root();
  for (int i = 0; i < kChainMax; ++i)
    if (const auto target = reference_of(references_, root)) root = *target;
  json value = schema(root);
  const bool wrapped = is_closed(dialect_) && (value.value("type", json()) != "object" || value.contains("anyOf"));
  if (wrapped)
    value = {{"type", "object"},
             {"properties", {{"answer", value}}},
             {"required", {"answer"}},
             {"additionalProperties", false}};
  json definitions = json::object();
  write_definitions(definitions);
  if (failed_.empty()) open_circles(definitions);
  if (!definitions.empty()) value["$defs"] = std::move(definitions);
  if (failed_.empty()) failed_ = over_limit(dialect_, value).value_or("");
  if (!failed_.empty()) return tl::unexpected(failed_);
  return WireSchema{std::make_shared<const json>(std::move(value)), dropped_, wrapped};
}

void WireWriter::write_definitions(json& definitions) {
  while (!to_write_.empty() && failed_.empty()) {
    const Location at = to_write_.front();
    to_write_.pop_front();
    definitions[names_[at.schema]] = schema(at);
  }
}

void WireWriter::open_circles(json& definitions) {
  if (dialect_ != SchemaDialect::anthropic && dialect_ != SchemaDialect::google) return;
  const auto circle = circular(definitions);
  for (const auto& name : circle) {
    if (dialect_ == SchemaDialect::anthropic) {
      failed_ =
          places_[name] + ": refers to itself; Anthropic takes no recursion: write out as many levels as are needed";
      return;
    }
    if (loosen(definitions[name], circle)) dropped_.push_back(places_[name] + "/required");
  }
}

void WireWriter::fail(const Location& at, const std::string& what) {
  if (failed_.empty()) failed_ = at.place + ": " + what;
}

json WireWriter::any(const Location& at) {
  if (is_closed(dialect_))
    fail(at, "may be of any type, which " + std::string(name_of(dialect_)) + " cannot express; say its \"type\"");
  return json::object();
}

json WireWriter::reference(const Location& target) {
  const auto [at, is_new] = names_.try_emplace(target.schema);
  if (is_new) {
    const std::string wanted = definition_name(target.place);
    std::string name = wanted;
    for (int i = 2; !names_taken_.insert(name).second; ++i) name = wanted + "_" + std::to_string(i);
    at->second = name;
    places_[name] = target.place;
    to_write_.push_back(target);
  }
  return {{"$ref", "#/$defs/" + at->second}};
}

json WireWriter::schema(const Location& at, unsigned types_around) {
  if (!failed_.empty()) return json::object();
  if (at.schema->is_boolean()) {
    if (at.schema->get<bool>()) return any(at);
    if (is_closed(dialect_)) fail(at, "allows no value, which " + std::string(name_of(dialect_)) + " cannot express");
    dropped_.push_back(at.place);
    return json::object();
  }
  if (const auto target = reference_of(references_, at)) return reference(*target);
  Merged merged = merge(references_, at, steps_);
  if (steps_ == 0) fail(at, "takes in too many schemas by allOf and $ref to be written out");
  dropped_.insert(dropped_.end(), merged.dropped.begin(), merged.dropped.end());
  if (types_around != 0 && merged.types == 0) merged.types = types_around;
  return written(at, merged);
}

json WireWriter::written(const Location& at, Merged& merged) {
  json out = json::object();
  auto& keywords = merged.keywords;
  for (const char* annotation : {"title", "description"})
    if (const auto found = keywords.find(annotation); found != keywords.end()) out[annotation] = *found->second.value;
  const auto has = [&](std::initializer_list<const char*> names) {
    return std::any_of(names.begin(), names.end(), [&](const char* name) { return keywords.contains(name); });
  };
  if (has({"const", "enum"})) {
    choices(at, merged, out);
  } else if (has({"anyOf", "oneOf"}) && !merged.has_properties && !has({"items", "prefixItems"})) {
    branches(merged, out);
  } else {
    if (merged.types == 0) {
      merged.types = merged.has_properties || !merged.required.empty() ||
                             has({"additionalProperties", "patternProperties", "unevaluatedProperties"})
                         ? kObject
                     : has({"items", "prefixItems", "minItems", "maxItems", "contains"})                 ? kArray
                     : has({"minLength", "maxLength", "pattern", "format"})                              ? kString
                     : has({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"}) ? kNumber
                                                                                                         : 0U;
    }
    if (merged.types == 0) any(at);
    const json names = type_list(merged.types);
    if (names.size() == 1) out["type"] = names[0];
    if (names.size() > 1) out["type"] = names;
    if ((merged.types & kObject) != 0) object(at, merged, out);
    if ((merged.types & kArray) != 0) array(at, merged, out);
  }
  limits(merged, out);
  return out;
}

}  // namespace weir::schema
