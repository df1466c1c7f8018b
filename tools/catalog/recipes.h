// What a kind of tool stands for: its settings, written out as those of a `map` with a system prompt, a prompt, inputs
// and a schema of its answers. So all that holds for a map (budgets, repair, few-shot examples, the cache) holds for
// every kind.
// Shape:   settings that name a kind and what it states → settings with all texts. A map comes out as it went in; http
//          and embed ask no such question, and get their inputs only.
// Units:   tokens, words.
// Threads: functions of values.
// Source:  prompts are ours.
#pragma once

#include "config/config.h"

namespace weir {

// `model` says how a judge is to answer: see judged_by_odds().
ToolSettings recipe(const ToolSettings& tool, const ModelFacts& model);

// Whether a judge's probabilities are those of the answer's first token, or what the model says they are.
bool judged_by_odds(const ToolSettings& tool, const ModelFacts& model);

}  // namespace weir
