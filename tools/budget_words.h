// A budget's refusal in words, for an agent and whoever reads its screen.
// Units:   money in nano-dollars in, "5.00 USD" out; all times in UTC.
// Threads: pure functions.
#pragma once

#include <string>

#include "limiter/limit.h"

namespace weir {

bool is_of_budget(const Refusal& refusal);
// `whose`: "client \"ci\"", "server".
std::string budget_text(const Refusal& refusal, const std::string& whose);

}  // namespace weir
