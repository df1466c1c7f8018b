// The MCP tool weir_models: an agent asks which models its tools use, what they take and cost, and at which profiles
// they can be asked. It costs nothing, is never queued, and changes nothing.
// Shape:   {} in; out: {models: {alias: {provider, model, kind, context_window, max_output_tokens,
//          usd_per_million_tokens: {input, cached_input, cache_write, output}, profiles: {name: {reasoning_tokens,
//          effort?}}, default_profile?, limits: {name: {amount, per_s, shape}}, yours?: [{of, name, amount, per_s,
//          shape}], max_concurrency?, keys, tools: [name]}}}. What is not known is null. Limits are those in force.
// Errors:  bad arguments, as for any tool.
// Threads: models_answer() on the loop's; the rest any.
#pragma once

#include "mcp/call.h"
#include "tools/callers.h"
#include "tools/catalog/catalog.h"

namespace weir::mcp {

inline constexpr const char* kModelsTool = "weir_models";

ToolDefinition models_tool();
Result<Values> models_question(const Json& arguments);  // it asks nothing: there is nothing to be read from them
ToolReply models_answer(const Gate& gate, const Catalog& catalog, const Caller& client);

}  // namespace weir::mcp
