// What a tool's results look like: the schema that is published, for one text and for a list of them.
// Shape:   one: the members of a row, at the root. A list: {results: [row or null, in the order of the texts],
//          failures: [{row, reason, retry_after_ms?}]}; a row that failed is null and has its reason. What did not fit
//          into the result: {more: {uri, rows}}.
// Threads: functions of values.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "config/config.h"

namespace weir {

// `written`: the tool as recipe() made it.
nlohmann::json output_schema(const ToolSettings& written);

// The input schema of a tool that takes lists: the input of which there may be many, or the list of them.
nlohmann::json with_list(nlohmann::json input_schema, const ToolSettings& written);

}  // namespace weir
