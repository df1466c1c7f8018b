// What a NeedInput asks of a caller, seen by itself.
// Threads: pure functions; put_to() from any thread.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <variant>

#include "mcp/call.h"

namespace weir::mcp {

// What `needed` has and `declared` lacks, down to the leaves; nothing = all is there.
std::optional<ProtocolError> lacking(const Json& needed, const Json& declared);

// The capabilities that a client must have declared to be asked this.
Json needed_by(const NeedInput& need);

// Asks everything at once; `done` gets the answers by their keys, or the first error.
void put_to(Asker& asker, const NeedInput& need, std::function<void(std::variant<Json, ProtocolError>)> done);

}  // namespace weir::mcp
