// The rows as a table for people, or as one JSON object a line for programs; and which bars of LIMITS §10 ours meets.
// Shape:   bars: worst <= 1.01, used >= 0.99, refused = 0 after warming up. Where the provider counts something other
// than
//          what was used (OpenAI's cap), giving it all that it counts is the most that anyone can use: there `used` is
//          met by `counted` too.
// Threads: functions of values.
#pragma once

#include <string>
#include <vector>

#include "bench/replay/judge.h"

namespace bench::replay {

struct Row {
  Scenario scenario = Scenario::steady;
  Regime regime = Regime::none;
  Counting counting = Counting::as_produced;
  std::string limiter{}, setting{};
  bool ours = false;
  Score score{};
};

struct Bars {
  bool worst = false, used = false, refused = false;
  bool all() const { return worst && used && refused; }
};
Bars bars(const Row& row);

std::string as_table(const std::vector<Row>& rows);
std::string as_json_lines(const std::vector<Row>& rows);

}  // namespace bench::replay
