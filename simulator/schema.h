// JSON Schema as structured output uses it: answers that fit one, and which schemas a provider takes. Answers:
// deterministic by the draw. Every property is given, arrays are short, strings quote what the user said. Known: type,
// enum, const, properties, required, items, prefixItems, anyOf, oneOf, allOf, $ref, formats, minimum and maximum (also
// exclusive), multipleOf, lengths, numbers of items, nullable; of pattern only classes, counts, groups and
// alternatives. Recursion ends at kDepthMax with null, an empty array or no property.
// Errors:  fitting_json none: what it does not know it leaves out of account. The checks return what is wrong, or
//          nothing.
// Bounds:  kValuesMax values per answer.
// Threads: pure functions.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "simulator/draw.h"

namespace simulator {

struct Fitting {
  Draw& draw;
  bool misfit = false;            // the answer must not fit
  std::string_view system{};      // where the choices are described
  std::vector<double> letters{};  // how likely the answers are that the system prompt lists under A, B, C …
};

// `schema`: the text of one, or nothing for any object.
std::string fitting_json(std::string_view schema, std::string_view user, Fitting how);

// A string that a simple pattern matches; nothing when it is not simple.
std::optional<std::string> fitting_text(std::string_view pattern);

enum class Subset { openai_strict, anthropic, gemini_json, gemini_openapi };

// Why the provider would not take the schema, as its message says it.
std::optional<std::string> objection(const nlohmann::ordered_json& schema, Subset subset);

}  // namespace simulator
