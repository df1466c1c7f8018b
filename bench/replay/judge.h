// What came of it: all that the provider let through, and what it refused, as numbers.
// Shape:   `worst` is the largest sum of tokens in any rolling minute over the limit: tokens that the calls used in
// fact,
//          each at the instant at which it was sent, and those of other programs of the account too. `used` is the same
//          tokens over what the provider would have let through, in the judged part of the run; `counted` is what the
//          provider counted over the same.
// Threads: a value.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "bench/replay/provider.h"

namespace bench::replay {

struct Score {
  double worst = 0, worst_second = 0;
  double used = 0, counted = 0;
  std::int64_t refused = 0, refused_total = 0;  // 429s in the judged part; in all
  double wait_p50_s = 0, wait_p99_s = 0;        // from asking first to being sent, of calls that were admitted
  std::int64_t done = 0;
  std::int64_t gave_up = 0;  // calls that were begun anew because their retries were used up
};

// The largest sum within any half-open span of this length; instant and units, in any order.
std::int64_t largest_sum(std::vector<std::pair<Instant, std::int64_t>> units, Duration span);

class Judge {
 public:
  void admitted(const Call& call, Instant sent);
  void foreign(std::int64_t tokens, Instant sent) { used_.emplace_back(sent, tokens); }
  void refused(Instant sent) { refused_.push_back(sent); }
  void counted(std::int64_t tokens, Instant at) { counted_.emplace_back(at, tokens); }
  void done() { ++done_; }

  Score score(const Workload& workload, Regime regime) const;

 private:
  std::vector<std::pair<Instant, std::int64_t>> used_, counted_;
  std::vector<Instant> refused_;
  std::vector<double> waits_s_;
  std::int64_t done_ = 0;
};

}  // namespace bench::replay
