#include "tools/catalog/reasoning.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "config/mistakes.h"
#include "config/profiles.h"
#include "tools/model.h"

namespace weir {
namespace {

std::vector<std::string> profile_names(const ModelSettings& model) {
  std::vector<std::string> names;
  for (const ProfileSettings& profile : model.profiles) names.push_back(profile.name);
  return names;
}

// The visible answer and the room for reasoning, against what the model can give.
std::optional<std::string> objection_to_length(const ToolSettings& tool, const ModelSettings& model,
                                               const ProfileSettings& profile) {
  const auto most = model.facts.max_output_tokens;
  if (!most || tool.max_output_tokens + profile.reasoning_tokens <= *most) return std::nullopt;
  const std::string gives = fmt::format("the model {} gives at most {}", in_quotes(model.model), *most);
  if (profile.reasoning_tokens == 0)
    return fmt::format("max_output_tokens = {}, but {}; lower it to at most {}", tool.max_output_tokens, gives, *most);
  const std::int64_t room = *most - tool.max_output_tokens, visible = *most - profile.reasoning_tokens;
  std::string advice;
  if (visible >= 1) advice = fmt::format("lower max_output_tokens to at most {}", visible);
  if (room >= 1)
    advice += fmt::format("{}lower the profile's {} to at most {}", advice.empty() ? "" : ", or ",
                          profile.room_stated ? "reasoning_tokens" : "thinking_token_budget", room);
  return fmt::format("max_output_tokens = {} and {} for reasoning at profile {} are {}, but {}; {}",
                     tool.max_output_tokens, profile.reasoning_tokens, in_quotes(profile.name),
                     tool.max_output_tokens + profile.reasoning_tokens, gives, advice);
}

std::optional<std::string> objection_to_temperature(const ToolSettings& tool, const ModelSettings& model,
                                                    const ProfileSettings& profile) {
  if (!tool.temperature || model.facts.temperature == TemperatureRule::accepted) return std::nullopt;
  if (model.facts.temperature == TemperatureRule::rejected)
    return fmt::format(
        "the model {} takes no temperature; remove it, or state temperature = \"accepted\" in "
        "[models.{}] if it does",
        in_quotes(model.model), model.alias);
  if (!reasons(model.facts, profile)) return std::nullopt;
  const bool by_budget = model.facts.reasoning == ReasoningStyle::budget;
  return fmt::format(
      "the model {} takes a temperature only when it does not reason, but it does{}; remove it, or use "
      "a profile with {}",
      in_quotes(model.model), profile.name.empty() ? "" : fmt::format(" at profile {}", in_quotes(profile.name)),
      by_budget ? "thinking_token_budget = 0" : "reasoning_effort = \"none\"");
}

}  // namespace

std::vector<ProfileSettings> profiles_of(const ToolSettings& tool, const ModelSettings& model) {
  std::vector<ProfileSettings> profiles;
  if (tool.profiles.empty()) profiles.push_back(profile_of(model, ""));
  for (const std::string& name : tool.profiles) profiles.push_back(profile_of(model, name));
  for (ProfileSettings& profile : profiles) {
    if (profile.room_stated || profile.thinking_budget.value_or(0) > 0 || !model.facts.max_output_tokens) continue;
    const std::int64_t left = std::max<std::int64_t>(*model.facts.max_output_tokens - tool.max_output_tokens, 0);
    profile.reasoning_tokens = std::min(profile.reasoning_tokens, left);
  }
  return profiles;
}

std::vector<InputSettings> all_inputs(const ToolSettings& tool) {
  std::vector<InputSettings> inputs = tool.inputs;
  if (tool.profiles.size() < 2) return inputs;
  InputSettings profile;
  profile.name = kProfileInput;
  profile.description = "How much the model thinks before it answers.";
  profile.required = false;
  profile.default_value = tool.profiles.front();
  for (const std::string& name : tool.profiles) profile.one_of.emplace_back(name);
  inputs.insert(std::upper_bound(inputs.begin(), inputs.end(), profile,
                                 [](const auto& a, const auto& b) { return a.name < b.name; }),
                std::move(profile));
  return inputs;
}

std::vector<Finding> check_reasoning(const ToolSettings& tool, const ModelSettings& model) {
  std::vector<Finding> found;
  if (model.facts.kind == ModelKind::embedding) {
    found.push_back(
        {tool.line, fmt::format("the model {} makes embeddings; a tool of kind \"{}\" needs one that answers "
                                "prompts",
                                in_quotes(model.model), tool.kind)});
    return found;
  }
  const std::vector<std::string> known = profile_names(model);
  for (const std::string& name : tool.profiles) {
    if (std::find(known.begin(), known.end(), name) == known.end())
      found.push_back({tool.profiles_line,
                       fmt::format("model {} has no profile named {}{}", in_quotes(model.alias), in_quotes(name),
                                   known.empty() ? fmt::format("; add [models.{}.profiles.{}]", model.alias, name)
                                                 : suggestion(name, known))});
  }
  if (tool.profiles.size() > 1) {
    for (const InputSettings& input : tool.inputs)
      if (input.name == kProfileInput)
        found.push_back({input.line, fmt::format("an input named \"{}\" is in the way of the choice of a profile; "
                                                 "rename it",
                                                 kProfileInput)});
  }
  if (!found.empty()) return found;
  for (const ProfileSettings& profile : profiles_of(tool, model)) {
    if (auto objection = objection_to_length(tool, model, profile))
      found.push_back({tool.profiles_line, std::move(*objection)});
    if (auto objection = objection_to_temperature(tool, model, profile))
      found.push_back({tool.temperature_line, std::move(*objection)});
    if (!tool.output_schema.empty() && model.facts.structured_output == StructuredOutput::forced_tool &&
        reasons(model.facts, profile))
      found.push_back({tool.schema_line,
                       fmt::format("structured_output = \"forced_tool\" does not go with reasoning{}",
                                   profile.name.empty() ? std::string()
                                                        : fmt::format(", as at profile {}", in_quotes(profile.name)))});
  }
  return found;
}

bool is_worth_caching(const ModelSettings& model, const Template& system) {
  if (!model.prompt_cache || !model.facts.cache_control || !system.tags().empty()) return false;
  const auto text = system.render({}, Template::kRenderedBytesMax);
  // By a count that is not too high: what is marked and too short is not kept, and what is kept costs more once.
  return text && estimate_tokens(*text) * 3 / 4 >= model.facts.cacheable_min;
}

}  // namespace weir
