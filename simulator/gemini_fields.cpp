#include "simulator/gemini_fields.h"

#include <nlohmann/json.hpp>

#include "simulator/rules.h"
#include "simulator/wire.h"

namespace simulator {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kPart =
    "text thought thoughtSignature inlineData fileData functionCall functionResponse executableCode "
    "codeExecutionResult videoMetadata mediaResolution partMetadata toolCall toolResponse";
std::string camel(std::string_view name) {
  std::string out;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const bool next = name[i] == '_' && i > 0 && i + 1 < name.size() && name[i + 1] >= 'a' && name[i + 1] <= 'z';
    if (next) {
      out += static_cast<char>(name[++i] - 32);
    } else {
      out += name[i];
    }
  }
  return out;
}

}  // namespace

void refuse_gemini(std::string message) { throw GeminiError{.message = std::move(message)}; }

void refuse_field(const std::string& field, const std::string& what) {
  const Json details = Json::array({{{"@type", "type.googleapis.com/google.rpc.BadRequest"},
                                     {"fieldViolations", Json::array({{{"field", field}, {"description", what}}})}}});
  throw GeminiError{.message = what, .details = dump(details)};
}

std::string snake(std::string_view name) {
  std::string out;
  for (const char c : name) {
    const bool capital = c >= 'A' && c <= 'Z';
    if (capital) out += '_';
    out += capital ? static_cast<char>(c + 32) : c;
  }
  return out;
}

Json fields_of(const Json& object, std::string_view known, const std::string& where) {
  if (object.is_null()) return Json::object();
  if (!object.is_object()) {
    refuse_field(where, "Invalid value at '" + where + "' (type.googleapis.com/google.protobuf.Struct), " +
                            dump(object).substr(0, 100));
  }
  Json fields = Json::object();
  for (const auto& [name, value] : object.items()) {
    const std::string field = camel(name);
    if (!lists(known, field)) {
      refuse_field(where, "Invalid JSON payload received. Unknown name \"" + name.substr(0, 100) + "\"" +
                              (where.empty() ? "" : " at '" + where + "'") + ": Cannot find field.");
    }
    fields[field] = value;
  }
  return fields;
}

Json body_of(std::string_view text, std::string_view known) {
  const Json body = parse_json(text);
  if (!body.is_object()) refuse_gemini("Invalid JSON payload received. Unexpected token: a JSON object is expected.");
  return fields_of(body, known, "");
}

std::string text_of_parts(const Json& content, const std::string& where) {
  const Json fields = fields_of(content, "parts role", where);
  const Json& parts = get(fields, "parts");
  if (!parts.is_array() || parts.empty())
    refuse_gemini("* GenerateContentRequest." + where + ".parts: contents.parts must not be empty.");
  std::string text;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::string here = where + ".parts[" + std::to_string(i) + "]";
    const Json part = fields_of(parts[i], kPart, here);
    for (const char* kind : {"inlineData", "fileData", "functionCall", "functionResponse", "executableCode"}) {
      if (part.contains(kind)) refuse_gemini("weir-simulator does not simulate parts with " + std::string(kind) + ".");
    }
    const Json& value = get(part, "text");
    if (value.is_null())
      refuse_gemini("* GenerateContentRequest." + here +
                    ".data: required oneof field 'data' must have one initialized field");
    if (!value.is_string())
      refuse_field(here + ".text", "Invalid value at '" + here + ".text' (TYPE_STRING), " + dump(value).substr(0, 100));
    if (get(part, "thought") != true) text += value.get<std::string>();
  }
  return text;
}

}  // namespace simulator
