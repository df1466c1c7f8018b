// The words by which the configuration names what ModelFacts are made of.
// Threads: constants.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "config/model_facts.h"

namespace weir {

inline constexpr std::pair<ModelKind, const char*> kModelKinds[] = {{ModelKind::chat, "chat"},
                                                                    {ModelKind::embedding, "embedding"}};
inline constexpr std::pair<ReasoningStyle, const char*> kReasoningStyles[] = {{ReasoningStyle::none, "none"},
                                                                              {ReasoningStyle::effort, "effort"},
                                                                              {ReasoningStyle::adaptive, "adaptive"},
                                                                              {ReasoningStyle::budget, "budget"},
                                                                              {ReasoningStyle::level, "level"}};
inline constexpr std::pair<TemperatureRule, const char*> kTemperatureRules[] = {
    {TemperatureRule::accepted, "accepted"},
    {TemperatureRule::rejected, "rejected"},
    {TemperatureRule::without_reasoning, "without_reasoning"}};
inline constexpr std::pair<StructuredOutput, const char*> kStructuredOutputs[] = {
    {StructuredOutput::native, "native"},
    {StructuredOutput::forced_tool, "forced_tool"},
    {StructuredOutput::none, "none"}};

template <typename Enum, std::size_t N>
const char* word_of(Enum value, const std::pair<Enum, const char*> (&words)[N]) {
  for (const auto& [each, word] : words)
    if (each == value) return word;
  return "";
}

// "none", "minimal" … "max", by how much they reason.
const std::vector<std::string>& effort_words();

}  // namespace weir
