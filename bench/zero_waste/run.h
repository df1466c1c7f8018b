// One run in virtual time: eager callers, their calls as flights through the production gate, estimator and provider
// functions, and an account that counts and refuses; another program may share the account, unseen.
// Shape:   the configuration is TOML, as a user writes it, with a model and a tool; what a call is follows from it. A
//          call takes 20 to 60 ms to the provider and back, and there 0.5 s + a sixtieth of a second for each token of
//          its answer. Who is answered asks again at once; who is turned away with a wait comes back after it.
//          The other program sends calls like ours at random moments, on average its share of the tightest limit, and
//          each that is refused again every second, for 20 s.
//          The first minute warms up and is not judged.
// Errors:  `wrong` says what may not happen; then the numbers mean nothing.
// Threads: one run on one thread; runs share nothing.
#pragma once

#include <string>
#include <vector>

#include "bench/zero_waste/account.h"

namespace bench::zero_waste {

struct Plan {
  Vendor vendor = Vendor::openai;
  std::string config;
  double foreign = 0;  // of the tightest limit
  std::uint64_t seed = 1;
  Duration length = std::chrono::minutes(10);  // after warming up
  int callers = 64;
};

struct Score {
  std::int64_t sent = 0, refused = 0;  // requests, and 429s among them, after warming up
  std::int64_t refused_before = 0;     // 429s while warming up
  std::int64_t done = 0;               // calls answered, in all
  std::int64_t gave_up = 0;      // calls that landed as an error: their attempts or the model's retries were used up
  std::int64_t turned_away = 0;  // calls refused by the gate, with a wait
  double used = 0;               // of the tightest limit: ours / (all - the other program's)
  double foreign = 0;            // the other program's / all
  double worst = 0;              // the most that both took in any rolling minute / the limit
  double longest_pause_s = 0;
  std::int64_t pauses = 0;
};

struct Outcome {
  Score score;
  std::vector<std::string> wrong;
};

Outcome run(const Plan& plan);

}  // namespace bench::zero_waste
