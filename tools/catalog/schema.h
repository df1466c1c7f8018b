// What a tool takes and answers, as JSON Schema 2020-12: flat objects with nothing that hosts choke on.
// Threads: functions of values.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "config/config.h"

namespace weir {

nlohmann::json property_schema(const InputSettings& input);
nlohmann::json input_schema(const std::vector<InputSettings>& inputs);

// Of structuredContent, for the kind `map`: text, model, finish, truncated.
nlohmann::json map_output_schema();

}  // namespace weir
