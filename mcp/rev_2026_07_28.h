// Revision 2026-07-28: no handshake, no session. Every request carries its version and the client's capabilities; over
// HTTP, headers mirror version, method and name, and must agree with the body. Every result says what it is and who
// answered.
// Threads: a constant.
// Source:  MCP 2026-07-28.
#pragma once

#include "mcp/revision.h"

namespace weir::mcp {

extern const Revision kRev20260728;

}  // namespace weir::mcp
