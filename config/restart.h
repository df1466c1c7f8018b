// What of a configuration holds from the start of the process to its end, however often it is loaded again.
// Threads: functions of values.
#pragma once

#include <string>
#include <vector>

#include "config/config.h"
#include "config/diff.h"

namespace weir {

// Sets what cannot change back to what it is in `running`; answers the names of what would have been another.
std::vector<std::string> keep_until_restart(const Config& running, Config& loaded);
bool needs_restart(const Difference& difference);

}  // namespace weir
