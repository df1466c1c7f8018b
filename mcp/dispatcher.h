// From a neutral call to whoever answers it. Everything but a tool call is answered inside dispatch().
// Invariant: `done` is called exactly once, whatever the host does: a second answer is dropped, an exception becomes
//            -32603 (and its text goes to stderr, not to the caller).
// Threads: any; `done` runs on the caller's thread or on the one that the host answers from.
#pragma once

#include <functional>

#include "mcp/call.h"
#include "mcp/host.h"

namespace weir::mcp {

void dispatch(Host& host, Call call, Context context, std::function<void(Answer)> done);

}  // namespace weir::mcp
