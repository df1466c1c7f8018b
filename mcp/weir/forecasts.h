// How long a call would wait, in the words and the data of the tools that tell of it.
// Shape:   {would_wait_ms, limit?, of?, scope?}, or {never: true, limit, of, scope, largest}.
// Threads: soonest() on the loop's; the rest any.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "tools/model.h"

namespace weir::mcp {

struct ForecastTold {
  nlohmann::json json;
  std::string words;
};

// By whichever of the model's keys it would go first; the ask's group does not matter.
Forecast soonest(const Gate& gate, const Model& model, Ask ask);
// `what`: `"summarise"`, `model "fast"`.
ForecastTold told(const Forecast& forecast, const std::string& what);

}  // namespace weir::mcp
