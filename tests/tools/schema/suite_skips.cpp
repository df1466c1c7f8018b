#include "tests/tools/schema/suite.h"

namespace weir::suite {

const std::vector<Skip>& skips() {
  static const std::vector<Skip> all{};
  return all;
}

}  // namespace weir::suite
