// Media types of a request: what its body is, and which kinds of answer its sender takes.
// Threads: pure functions.
// Source:  RFC 9110 §8.3, §12.5.1.
#pragma once

#include <string_view>

#include "mcp/transport.h"

namespace weir::mcp {

struct Accepts {
  bool json = false, events = false;  // application/json, text/event-stream
};

// Exactly one Content-Type, and it is application/json; parameters do not matter (JSON is UTF-8).
bool sends_json(const Inbound& request);
// No Accept header at all means anything. A range with q=0 is refused by its sender.
Accepts accepts(const Inbound& request);

}  // namespace weir::mcp
