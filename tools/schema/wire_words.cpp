#include "tools/schema/wire_words.h"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <nlohmann/json.hpp>

#include "tools/schema/patterns.h"
#include "tools/schema/positions.h"
#include "tools/schema/words.h"

namespace weir::schema {
namespace {

using nlohmann::json;

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// Limits of OpenAI's strict subset, and Anthropic's for one request.
constexpr std::size_t kPropertiesMax = 5000, kLevelsMax = 10, kTextMax = 120'000, kChoicesMax = 1000;
constexpr std::size_t kLongEnum = 250, kLongEnumTextMax = 15'000;
constexpr std::size_t kOptionalMax = 24, kUnionsMax = 16;

struct Count {
  std::size_t properties = 0, levels = 0, text = 0, choices = 0, optional = 0, unions = 0, long_enum = 0;
};

std::size_t text_of(const json& value) {
  return value.is_string() ? value.get_ref<const std::string&>().size() : shown(value, kTextMax + 1).size();
}

void count(const json& schema, std::size_t level, Count& all) {
  if (!schema.is_object()) return;
  const auto properties = schema.find("properties");
  if (properties != schema.end()) {
    all.levels = std::max(all.levels, ++level);
    all.properties += properties->size();
    all.optional += properties->size() - schema.value("required", json::array()).size();
  }
  const auto type = schema.find("type");
  if (schema.contains("anyOf") || (type != schema.end() && type->is_array())) ++all.unions;
  if (const auto choices = schema.find("enum"); choices != schema.end()) {
    std::size_t text = 0;
    for (const json& choice : *choices) text += text_of(choice);
    all.choices += choices->size();
    all.text += text;
    if (choices->size() > kLongEnum) all.long_enum = std::max(all.long_enum, text);
  }
  if (schema.contains("const")) all.text += text_of(schema["const"]);
  for (const auto& [keyword, value] : schema.items()) {
    const Holds how = holds(keyword);
    if (how == Holds::one) count(value, level, all);
    if (how != Holds::list && how != Holds::map) continue;
    for (const auto& [name, part] : value.items()) {
      if (how == Holds::map) all.text += name.size();
      count(part, keyword == "$defs" ? 0 : level, all);
    }
  }
}

}  // namespace

std::string_view name_of(SchemaDialect dialect) {
  switch (dialect) {
    case SchemaDialect::openai_strict:
      return "OpenAI's strict mode";
    case SchemaDialect::anthropic:
      return "Anthropic";
    case SchemaDialect::google:
      return "Gemini";
    case SchemaDialect::plain:
      break;
  }
  return "JSON Schema";
}

bool is_closed(SchemaDialect dialect) {
  return dialect == SchemaDialect::openai_strict || dialect == SchemaDialect::anthropic;
}

bool takes_limit(SchemaDialect dialect, std::string_view keyword, const json& value) {
  const std::string format = keyword == "format" && value.is_string() ? value.get<std::string>() : "";
  const bool common_format =
      is_one_of(format, {"date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"});
  if (keyword == "pattern" && !compile_pattern(value.get<std::string>())) return false;  // lookaround
  switch (dialect) {
    case SchemaDialect::openai_strict:
      return common_format || is_one_of(keyword, {"pattern", "multipleOf", "minimum", "maximum", "exclusiveMinimum",
                                                  "exclusiveMaximum", "minItems", "maxItems"});
    case SchemaDialect::anthropic:
      return common_format || format == "uri" || (keyword == "minItems" && (value == 0 || value == 1));
    case SchemaDialect::google:
      return is_one_of(keyword, {"format", "minimum", "maximum", "minItems", "maxItems"});
    case SchemaDialect::plain:
      break;
  }
  return true;
}

bool takes_choice(SchemaDialect dialect, const json& value) {
  if (dialect == SchemaDialect::google) return value.is_string() || value.is_number();
  return value.is_primitive();
}

std::optional<std::string> over_limit(SchemaDialect dialect, const json& wire) {
  Count all;
  count(wire, 0, all);
  const auto over = [&](std::size_t has, std::size_t most, const char* what) -> std::optional<std::string> {
    if (has <= most) return std::nullopt;
    return fmt::format("{} takes {} {} at most; this schema has {}", name_of(dialect), most, what, has);
  };
  if (dialect == SchemaDialect::openai_strict) {
    for (auto told : {over(all.properties, kPropertiesMax, "properties"),
                      over(all.levels, kLevelsMax, "levels of objects in each other"),
                      over(all.text, kTextMax, "bytes of names, enum and const values"),
                      over(all.choices, kChoicesMax, "enum values"),
                      over(all.long_enum, kLongEnumTextMax, "bytes in an enum of more than 250 values")})
      if (told) return told;
  }
  if (dialect == SchemaDialect::anthropic) {
    for (auto told : {over(all.optional, kOptionalMax, "optional properties"),
                      over(all.unions, kUnionsMax, "unions (anyOf, or a list of types)")})
      if (told) return told;
  }
  return std::nullopt;
}

}  // namespace weir::schema
