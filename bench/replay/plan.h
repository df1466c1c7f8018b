// Which runs there are, and all of them played.
// Shape:   peers and ours in every scenario and regime; the peers only where calls are counted at admission, since they
//          know of no difference. `foreign` is left out where nothing is enforced: nobody could see the other program.
// Threads: play() runs the worlds on as many threads as the machine has; they share nothing.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "bench/replay/table.h"
#include "bench/replay/world.h"

namespace bench::replay {

struct Asked {
  std::uint64_t seed = 1;
  Duration length = std::chrono::minutes(20);
  int callers = 256;
  std::string only;  // of the runs whose labels contain this; empty = all
};

struct Played {
  std::vector<Row> rows;
  std::vector<std::string> wrong;  // with the run's labels before it
};

Played play(const Asked& asked);

}  // namespace bench::replay
