// The MCP tool weir_estimate: what a call of a tool would take, cost and wait for, without making it. Its prompts are
// filled as the call would fill them; nothing is reserved, and nobody is asked.
// Shape:   {tool, arguments, profile?} in; out: {tool, model, calls, input_tokens, reserved: {input, output,
//          reasoning}, cost_usd: {at_most, about}, forecast}. input_tokens and reserved are those of all its calls
//          together, counted cautiously; reasoning is the part of the output that is room for it. A cost is null where
//          a price is unknown; `about` goes by what this model's calls used so far of what they had reserved, and is
//          null before the first. The forecast (forecasts.h) is that of its largest call. Of `reduce` one reading of
//          all documents is counted, not the reductions of reductions: then at_least is true, and cost_usd has
//          one_reading_at_most instead of at_most.
// Errors:  bad arguments: of weir_estimate, or of the tool, as a call of it would say.
// Threads: estimate_question() any; estimate_answer() the loop's.
#pragma once

#include <vector>

#include "limiter/tally.h"
#include "mcp/call.h"
#include "tools/callers.h"
#include "tools/catalog/catalog.h"

namespace weir::mcp {

inline constexpr const char* kEstimateTool = "weir_estimate";

struct EstimateQuestion {
  const Tool* tool = nullptr;  // in the catalog that was asked
  struct OneCall {
    Estimate estimate;
    std::int64_t bytes = 0;
  };
  std::vector<OneCall> calls;
  std::int64_t reasoning_each = 0;  // room in each call
  bool at_least = false;
};

ToolDefinition estimate_tool(const Catalog& catalog);
Result<EstimateQuestion> estimate_question(const Catalog& catalog, const Json& arguments);
ToolReply estimate_answer(Gate& gate, const Tally& tally, const Caller& client, const EstimateQuestion& question);

}  // namespace weir::mcp
