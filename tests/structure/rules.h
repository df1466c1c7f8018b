// The rules of the tree that a compiler does not check. Each takes one file and answers what breaks the rule.
// Shape:   a line each: "limiter/gate.cpp:3: includes tools/model.h; limiter may include config, limiter".
// Threads: functions of values.
#pragma once

#include <string>
#include <vector>

#include "tests/structure/source.h"

namespace weir::structure {

using Findings = std::vector<std::string>;

// includes.cpp
Findings wrong_arrows(const Source& source);            // config <- limiter <- tools <- mcp; the simulator stands alone
Findings unfenced_third_parties(const Source& source);  // each library in its own few files

// words.cpp
Findings sleeps(const Source& source);          // in no C++; in no script of tests, but for waits that an answer named
Findings clock_reads(const Source& source);     // config, limiter, tools, mcp: in limiter/loop* only
Findings protocol_dates(const Source& source);  // in mcp/rev* only
Findings machine_paths(const Source& source);   // in no file at all
Findings too_long(const Source& source);        // C++ files of more than 450 lines

// Two headers of the chain that define a type of one name: the linker takes one for both, and what uses the other
// breaks.
Findings types_defined_twice(const std::vector<Source>& sources);

}  // namespace weir::structure
