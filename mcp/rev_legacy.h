// The four revisions that begin with initialize. Over HTTP they are served without a session: each request stands
// alone, its errors go out with status 200, and a version header that is absent means 2025-03-26. They share one method
// table and one encoder; what one of them lacks (a content type, structured content, batches) is a flag in its row.
// Threads: constants.
// Source:  MCP 2024-11-05, 2025-03-26, 2025-06-18, 2025-11-25.
#pragma once

#include "mcp/revision.h"

namespace weir::mcp {

extern const Revision kRev20251125, kRev20250618, kRev20250326, kRev20241105;

}  // namespace weir::mcp
