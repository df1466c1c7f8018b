// From what a model's call landed as to what its tool answers.
// Errors:  a refusal by the model, an answer that was cut and is no use so, and an empty one are Errors whose text says
//          what to do.
// Threads: functions of values.
#pragma once

#include "tools/catalog/catalog.h"
#include "tools/operators/answer.h"

namespace weir {

ToolAnswer answer_of(const Tool& tool, Landing landing);
ToolAnswer failed_with(Error error, Receipt receipt = {});

// What several calls took together: unknown where one is unknown; of waits the longest, because they were side by side.
// `took` is for whoever knows the whole.
void add(Receipt& sum, const Receipt& more);

// "model "fast": tokens per minute (tpm) are exhausted; retry after 1.2 s"
std::string text(const Refusal& refusal, const std::string& model);
// Of whichever it is; empty for an answer.
std::string reason(const ToolAnswer& answer, const Tool& tool);

// 1240 → "1,240"
std::string grouped(std::int64_t number);
std::string in_words(const FlightView& view);

}  // namespace weir
