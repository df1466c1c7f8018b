// How a tool's calls reason: the profiles that its callers may choose, and whether its model takes what the tool asks
// of it. What is found here would otherwise be a provider's 400.
// Units:   tokens.
// Threads: functions of values.
#pragma once

#include <string>
#include <vector>

#include "config/config.h"
#include "tools/catalog/template.h"

namespace weir {

// The argument by which a caller chooses, of a tool with several profiles.
inline constexpr const char* kProfileInput = "profile";

// In the tool's order, never empty; the room of each is cut to what the model can give beside the answer, unless it is
// stated. All of them are profiles of the model.
std::vector<ProfileSettings> profiles_of(const ToolSettings& tool, const ModelSettings& model);

// The declared inputs, and the choice of a profile where there is one; ordered by name.
std::vector<InputSettings> all_inputs(const ToolSettings& tool);

struct Finding {
  int line = 0;
  std::string what;
};
// Everything that does not go together, with the largest or the allowed values.
std::vector<Finding> check_reasoning(const ToolSettings& tool, const ModelSettings& model);

// Whether the model's provider should be told to keep the system prompt: it is marked there, the prompt is always the
// same, and long enough.
bool is_worth_caching(const ModelSettings& model, const Template& system);

}  // namespace weir
