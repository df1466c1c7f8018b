// The values of one call's inputs, by name: checked, defaults filled in. An input that was not given is absent.
// Shape:   any JSON. A number is an integer where the caller wrote one, so that it comes out as it went in.
// Threads: values.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "config/config.h"

namespace weir {

using Values = std::map<std::string, nlohmann::json, std::less<>>;

// A whole number is an integer, 3 and not 3.0.
nlohmann::json json_of(const InputValue& value);

// As a person would write it: 3 (not 3.0), 0.25, true. Strings as they are.
std::string text_of(const InputValue& value);
// The same of JSON: lists and objects as JSON without spaces, null as nothing.
std::string rendered_text(const nlohmann::json& value);

// As messages show it: strings in quotation marks, printable, cut after some 60 characters.
std::string in_message(const InputValue& value);

// "string", "integer", "number", "boolean"; or "a string", "an integer", ….
const char* type_name(InputType type);
const char* type_name_with_article(InputType type);

// Whether {{#name}} shows its section: true, a text, list or object that is not empty, any number.
bool shows_section(const nlohmann::json& value);

// Unicode code points of a UTF-8 text.
std::int64_t characters(std::string_view text);

}  // namespace weir
