// An hour of traffic in a second: the production gate, store, flights, retries and OpenAI codec under a fake loop, against a
// provider that a seed makes misbehave, with callers who cancel and vanish at any moment.
// Invariant: the same seed gives the same run. What must hold is checked from the provider's side of the wire, by arithmetic of
//            its own (ledger.h): nothing of the limiter is asked what the limiter should have done.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace weir::simulation {

struct Report {
  std::vector<std::string> violations;
  int calls = 0, requests = 0, completions = 0, refusals = 0, errors = 0, cancelled = 0, destroyed = 0;
  int pieces = 0, raised = 0;  // of streams, and how often what was reserved was raised for them
  std::uint64_t digest = 0;  // of every landing, with its time
};

enum class Purse { open, bounded };  // bounded: the server has budgets, which may end

Report simulate(std::uint64_t seed, int calls, Purse purse = Purse::open);

}  // namespace weir::simulation
