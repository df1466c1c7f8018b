// The MCP tool weir_limits: an agent asks what is left, and how long a call would wait, before it makes it. It costs
// nothing, is never queued, and changes nothing.
// Shape:   {tool?, model?, input_tokens?} in; out: the page of pages.h (of one model, if one is named), and with a tool
//          or a model `forecast`: {would_wait_ms, limit?, of?, scope?}, or {never: true, limit, of, scope, largest}.
// Errors:  bad arguments, as for any tool.
// Threads: limits_answer() on the loop's; the rest any.
#pragma once

#include "limiter/tally.h"
#include "mcp/call.h"
#include "tools/callers.h"
#include "tools/catalog/catalog.h"

namespace weir::mcp {

inline constexpr const char* kLimitsTool = "weir_limits";

struct LimitsQuestion {
  std::string tool, model;  // names that are in the catalog; empty = not asked for
  std::int64_t input_tokens = 0;
};

ToolDefinition limits_tool(const Catalog& catalog);
Result<LimitsQuestion> limits_question(const Catalog& catalog, const Json& arguments);
ToolReply limits_answer(const Gate& gate, const Tally& tally, const Catalog& catalog, const Caller& client,
                        const LimitsQuestion& question);
// The gate's number for a tool; made at its first call.
ToolId tool_id(Gate& gate, const Tool& tool);

}  // namespace weir::mcp
