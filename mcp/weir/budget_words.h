// Budgets in words, for logs and notes.
// Threads: functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "limiter/budgets.h"

namespace weir::mcp {

// "client ci", "server".
std::string whose_budget(const BudgetState& budget);
// "client ci has spent 4.10 USD of its budget_day_usd = 5.00; it resets at 2026-11-23T00:00:00Z"
std::string in_words(const BudgetState& budget);
// As the ledger names it: "client", "model", "tool", "server".
std::optional<BudgetScope> budget_scope(std::string_view name);

}  // namespace weir::mcp
