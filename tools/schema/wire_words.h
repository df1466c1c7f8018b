// What each dialect of wire_schema.h knows of JSON Schema: keywords, formats, and how much of each. Inside of
// tools/schema.
// Threads: functions of values.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "tools/schema/wire_schema.h"

namespace weir::schema {

// Whether a limit (a keyword with a plain value, "maximum", "format") may be sent.
bool takes_limit(SchemaDialect dialect, std::string_view keyword, const nlohmann::json& value);
bool takes_choice(SchemaDialect dialect, const nlohmann::json& value);  // in an enum
bool is_closed(SchemaDialect dialect);                                  // objects have their properties and no others
std::string_view name_of(SchemaDialect dialect);

// What is too much in a schema ready to be sent, with the limit.
std::optional<std::string> over_limit(SchemaDialect dialect, const nlohmann::json& wire);

}  // namespace weir::schema
