// The resources: what weir://limits and weir://tools/{name} say.
// Shape:   limits: {server: {concurrency_limit, in_flight, waiting}, models: {alias: {in_flight, waiting,
//          predicted_wait_ms, limits: {rpm: {amount, per_s, burst, level}}}}}; a level below zero is debt; the wait is
//          that of the smallest call.
// Threads: limits_page() on the loop's; the rest any.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "limiter/gate.h"
#include "tools/catalog/catalog.h"

namespace weir::mcp {

nlohmann::json limits_page(const Gate& gate, const Catalog& catalog);
nlohmann::json tool_page(const Tool& tool);

}  // namespace weir::mcp
