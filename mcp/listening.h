// What a listener is told, as messages. A modern one hears everything on its own stream, marked with the id of the
// request that opened it; a legacy one hears it on its pipe, unmarked.
// Threads: pure functions.
#pragma once

#include <optional>

#include "mcp/call.h"
#include "mcp/changes.h"

namespace weir::mcp {

// The first message of a subscription: what of it is honoured.
Json acknowledgement(const Interest& honoured, const RequestId& subscription);
// Nothing for what has no notification (closing), or has none in the era.
std::optional<Json> told(const Change& change, const RequestId& subscription);
std::optional<Json> told_legacy(const Change& change);

}  // namespace weir::mcp
