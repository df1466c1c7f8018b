// Whether the providers take the keys: for `weir check --online`, and before a server starts that says so.
// Threads: runs a loop on the caller's thread, until all have answered.
#pragma once

#include <iosfwd>

#include "config/config.h"

namespace weir::mcp {

// Prints what they say to `err`; of good keys only if asked. False: some calls are sure to fail.
bool keys_are_good(const Config& config, bool tell_good, std::ostream& err);

}  // namespace weir::mcp
