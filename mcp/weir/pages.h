// The resources: what weir://limits and weir://tools/{name} say.
// Shape:   limits: {server: {concurrency_limit, queue_limit, in_flight, waiting, config?: {digest, loaded_at, loads,
//          refused, last_refusal?: {at, mistakes, first}}}, models: {alias: {in_flight, waiting, predicted_wait_ms,
//          paused_for_ms?, max_concurrency?, limits: {rpm: {amount, per_s, burst, level, shape, closed_for_ms?}},
//          yours?: [{of, name, …as above}], calls: {admitted, refused, failed, pauses, queued_ms, throttled_ms,
//          reserved_tokens, used_tokens, debt_tokens, refused_by: {limit: n}}}}}; a level below zero is debt; the wait
//          is that of the smallest call; `yours` are the asking client's own limits on the model, and its parent's;
//          calls are counted since the start. The host adds server.config, server.cache: {hits, misses, shared,
//          entries, bytes, evicted}, and tools: {name: {typical_ms}}, the median of what its last calls took.
// Threads: limits_page() on the loop's; the rest any.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "limiter/tally.h"
#include "tools/callers.h"
#include "tools/catalog/catalog.h"

namespace weir::mcp {

nlohmann::json limits_page(const Gate& gate, const Tally& tally, const Catalog& catalog, const Caller& client);
nlohmann::json tool_page(const Tool& tool);

}  // namespace weir::mcp
