// What offers tools: the protocol half of mcp/ talks to this and knows nothing behind it.
// Errors:  a ToolReply carries them. A host answers each call exactly once, also when `stop` is requested (the answer
//          is then dropped by the protocol).
// Threads: every function may be called from any thread, concurrently. `done` may be called from any thread, also
//          inside call().
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "mcp/call.h"

namespace weir::mcp {

class Host {
 public:
  virtual ~Host() = default;
  virtual Identity identity() const = 0;
  virtual std::string instructions() const = 0;           // guidance for the model; may be empty
  virtual std::vector<ToolDefinition> tools() const = 0;  // ordered by name
  virtual void call(ToolCall call, Context context, std::function<void(ToolReply)> done) = 0;
};

}  // namespace weir::mcp
