#include "bench/scenarios/scenarios.h"

#include <utility>

namespace bench::scenarios {

Findings play(const Size& size) {
  Findings all;
  for (Findings part : {fairness(size), shares(size), inversion(size), passing(size), wake_up(size), settlement(),
                        promises(size), starvation()})
    for (Finding& finding : part) all.push_back(std::move(finding));
  return all;
}

}  // namespace bench::scenarios
