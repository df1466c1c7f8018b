// What a landed call looks like to an agent: the text, the same as structured content, and what it cost as _meta.
// Shape:   _meta["weir/usage"] on every result of a call that reached the gate; _meta["weir/refusal"] on refusals.
// Units:   milliseconds, tokens, US dollars (null when a price is unknown).
// Threads: pure functions.
#pragma once

#include <string>

#include "mcp/call.h"
#include "tools/catalog/catalog.h"
#include "tools/flight.h"

namespace weir::mcp {

ToolResult answer(const Tool& tool, const Landing& landing);
ToolResult bad_arguments(const Error& error);

// "model "fast": tokens per minute (tpm) are exhausted; retry after 1.2 s"
std::string text(const Refusal& refusal, const std::string& model);
// One word for logs: "ok", "refused", "cancelled", "unavailable", …
std::string outcome(const Landing& landing);

}  // namespace weir::mcp
