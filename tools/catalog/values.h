// The values of one call's inputs, by name: checked, defaults filled in. An input that was not given is absent.
// Shape:   a `number` input holds an int64 when the caller wrote an integer, so that it comes out as it went in.
// Threads: values.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "config/config.h"

namespace weir {

using Values = std::map<std::string, InputValue, std::less<>>;

// As a person would write it: 3 (not 3.0), 0.25, true. Strings as they are.
std::string text_of(const InputValue& value);

// As messages show it: strings in quotation marks, printable, cut after some 60 characters.
std::string in_message(const InputValue& value);

// "string", "integer", "number", "boolean"; or "a string", "an integer", ….
const char* type_name(InputType type);
const char* type_name_with_article(InputType type);

// Whether {{#name}} shows its section: true, a text that is not empty, any number.
bool shows_section(const InputValue& value);

// Unicode code points of a UTF-8 text.
std::int64_t characters(std::string_view text);

}  // namespace weir
