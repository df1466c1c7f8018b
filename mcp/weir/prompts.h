// Tools as prompts, and what can be completed: a tool's inputs by their enum, a tool's URI by the tools there are.
// Errors:  a missing or bad argument is a ProtocolError (-32602) that names it.
// Threads: functions of values.
#pragma once

#include "mcp/call.h"
#include "tools/catalog/catalog.h"

namespace weir::mcp {

PromptReply prompt_reply(const Tool& tool, const PromptCall& call);
CompleteReply complete_reply(const Catalog& catalog, const Complete& call);

}  // namespace weir::mcp
