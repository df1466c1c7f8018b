// What of the official JSON Schema test suite is not expected to pass, and why.
// Shape:   file, the case's description, the test's; "*" = all of the case, or of the file.
#pragma once

#include <string>
#include <vector>

namespace weir::suite {

struct Skip {
  std::string file, group, test, reason;
};

const std::vector<Skip>& skips();

}  // namespace weir::suite
