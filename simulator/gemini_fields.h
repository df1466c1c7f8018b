// The fields of Gemini's requests: their names, and the words in which the API refuses them.
// Errors:  GeminiError.
// Threads: pure functions.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "simulator/gemini.h"

namespace simulator {

[[noreturn]] void refuse_gemini(std::string message);
[[noreturn]] void refuse_field(const std::string& field, const std::string& what);  // with the field in its details

std::string snake(std::string_view camel_case);

// The fields of an object under their camelCase names; one that is not among `known` is refused.
nlohmann::ordered_json fields_of(const nlohmann::ordered_json& object, std::string_view known,
                                 const std::string& where);
nlohmann::ordered_json body_of(std::string_view text, std::string_view known);

std::string text_of_parts(const nlohmann::ordered_json& content, const std::string& where);

}  // namespace simulator
