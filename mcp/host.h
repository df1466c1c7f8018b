// What offers tools, prompts and resources: the protocol half of mcp/ talks to this and knows nothing behind it.
// Shape:   what a host does not offer (see offer.h) it need not implement.
// Errors:  a reply carries them. A host answers each call exactly once, also when `stop` is requested (the answer is
//          then dropped by the protocol). A NeedInput means: call again, with the answers in `round`.
// Threads: every function may be called from any thread, concurrently. `done` may be called from any thread, also
//          inside the function that was given it.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "mcp/call.h"
#include "mcp/changes.h"

namespace weir::mcp {

class Host {
 public:
  virtual ~Host() = default;
  virtual Identity identity() const = 0;
  virtual std::string instructions() const = 0;  // guidance for the model; may be empty
  virtual std::shared_ptr<const Offer> offer() const = 0;
  virtual void call(ToolCall call, Context context, std::function<void(ToolReply)> done) = 0;
  virtual void get(PromptCall call, Context context, std::function<void(PromptReply)> done);
  virtual void read(ResourceRead call, Context context, std::function<void(ReadReply)> done);
  virtual void complete(Complete call, Context context, std::function<void(CompleteReply)> done);
  // Whether this caller may be told of changes of the resource: whether it could be read.
  virtual bool readable(const std::string& uri, const Principal& principal) const;
  // Where changes of the lists and the resources are published; null = nothing ever changes.
  virtual Changes* changes() { return nullptr; }
};

}  // namespace weir::mcp
