// The runs of this program, and what came of them as a table.
// Shape:   three regimes, each alone (in the default shape, in the rolling one, and with the default max_wait), with
//          another program on the account, and with it while the limits are stated at what it leaves.
// Threads: play() runs on as many threads as the machine has.
#pragma once

#include <string>
#include <vector>

#include "bench/zero_waste/run.h"

namespace bench::zero_waste {

struct Row {
  std::string setting;  // "alone", "foreign, stated 70 %"
  Plan plan;
  Score score;
};

struct Played {
  std::vector<Row> rows;
  std::vector<std::string> wrong;  // with the run's names before it
};

double refused_share(const Row& row);  // 429s of requests, after warming up
Played play(std::uint64_t seed, Duration length);
std::string as_table(const std::vector<Row>& rows);

}  // namespace bench::zero_waste
