// Lets web pages of listed origins call: answers their preflights, and marks every answer for the browser.
// Invariant: off when the list is empty. An origin that is not listed gets no mark, and passes on to whoever refuses it.
// Threads: as the handler that it wraps.
// Source:  Fetch standard, CORS protocol.
#pragma once

#include <string>
#include <vector>

#include "mcp/transport.h"

namespace weir::mcp {

Handler with_cors(Handler next, const std::vector<std::string>& allowed_origins);

}  // namespace weir::mcp
