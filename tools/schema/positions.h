// Which keywords hold schemas, and how: for all that walks a schema.
// Threads: a function of a value.
#pragma once

#include <string_view>

namespace weir::schema {

enum class Holds { nothing, one, list, map };  // map: name → schema ("dependencies": name → schema or list of names)

Holds holds(std::string_view keyword);

}  // namespace weir::schema
