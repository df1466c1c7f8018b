// The order in which a schema's author wrote its properties, given back to a schema that was made of it: models write an
// answer's members in that order, and "reasoning" is to come before what it leads to.
// Shape:   the properties of an object stand as in the author's object at the same place; where that has not got them
//          (merged, or moved), as they were first written anywhere. Everything else keeps its place.
// Threads: a function of values.
#pragma once

#include <nlohmann/json_fwd.hpp>

namespace weir {

// `written` is within the bounds of `made`, a schema that compiled.
nlohmann::ordered_json in_authors_order(const nlohmann::json& made, const nlohmann::ordered_json& written);

}  // namespace weir
