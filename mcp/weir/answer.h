// What a call that has ended looks like to an agent: the text, the same as structured content, and what it cost as
// _meta. Shape:   _meta["weir/usage"] on every result of a call that reached the gate; _meta["weir/refusal"] on
// refusals:
//          {reason, of, scope, limit, retry_after_ms, predicted, largest}. predicted: the wait follows from the buckets
//          and the queue; false: it is a guess, because nobody knows when a call in flight ends. weir/usage.origin:
//          "cache" or "shared" where no call was made for it.
// Units:   milliseconds, tokens, US dollars (null when a price is unknown).
// Threads: pure functions.
#pragma once

#include <string>

#include "mcp/call.h"
#include "tools/catalog/catalog.h"
#include "tools/operators/answer.h"

namespace weir::mcp {

ToolResult answer(const Tool& tool, const ToolAnswer& answer);
// The same; but a queue that is full is the server's own door, and no result of the tool.
ToolReply reply(const Tool& tool, const ToolAnswer& answer);
ToolResult bad_arguments(const Error& error);

}  // namespace weir::mcp
