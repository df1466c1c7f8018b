// One open subscription over HTTP: a stream that begins with its acknowledgement and tells of changes until the caller
// goes away, does not read, or the server ends. Holds no thread; the connection layer keeps it alive while nothing
// happens.
// Invariant: the acknowledgement comes first; whatever the stream carries has the id of its request.
// Threads: open_listen() on the connection's; changes may come from any thread.
#pragma once

#include <memory>

#include "mcp/changes.h"
#include "mcp/endpoint_call.h"
#include "mcp/revision.h"
#include "mcp/transport.h"

namespace weir::mcp {

struct ListenAsked {
  RequestId id;
  const Revision* revision;
  std::shared_ptr<const Identity> identity;
  Interest honoured;
};

// Answers with an error when there are too many already.
void open_listen(const std::shared_ptr<Exchange>& exchange, Changes& changes, ListenAsked asked);

}  // namespace weir::mcp
