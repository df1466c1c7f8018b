// Budgets: the most that may be spent by day and by month, in money and in tokens. What a call may cost at most is held
// before it is sent, and settled by what it cost; so no race spends more than there is, as long as no call costs more
// than was held for it.
// Shape:   scopes "client", "model", "tool", "server" by name. A period is a calendar day or month of one time zone. A
//          hold counts in the period in which it was made.
// Units:   nano-dollars, tokens (input and output together).
// Errors:  a refusal: Refusal::Reason::wait_too_long (never: more than the whole budget), `limit` the budget's key, such
//          as "budget_day_usd", retry_after until the period ends.
// Threads: the loop's thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/ledger.h"
#include "config/zone.h"
#include "limiter/limit.h"

namespace weir {

enum class BudgetScope { server, client, model, tool };

struct Spending {
  std::int64_t nano = 0, tokens = 0;
  bool operator==(const Spending&) const = default;
};

// Whose budgets a call is charged to; empty = nobody's.
struct Spender {
  std::string client, parent, model, tool;
};

// A budget as it stands.
struct BudgetState {
  BudgetScope of = BudgetScope::server;
  std::string name;                    // empty: the server's
  std::string key;                     // "budget_day_usd", …
  std::int64_t amount = 0, spent = 0, held = 0;
  WallTime resets{};
};

struct BudgetPeriods {
  std::string day, month;  // "2026-11-22", "2026-11"
};

class Budgets {
 public:
  // One call's. Destroyed unsettled: spent as held.
  class Hold;
  // `warn` is told once a period, when a budget has passed 80 %, and when it is used up.
  Budgets(std::string zone, std::function<void(const BudgetState&)> warn);

  // Stated anew as a whole, also while holds are out; what was spent stays.
  void state(const std::map<std::pair<BudgetScope, std::string>, BudgetSettings>& budgets, const std::string& zone,
             WallTime now);
  bool any(const Spender& spender) const;  // whether it has a budget at all: else nothing need be held
  // All budgets of the spender, or none.
  std::variant<BudgetPeriods, Refusal> hold(const Spender& spender, const Spending& most, WallTime now);
  void settle(const Spender& spender, const BudgetPeriods& periods, const Spending& held, const Spending& used,
              WallTime now);
  // What was spent before this process.
  void restore(BudgetScope scope, const std::string& name, const std::string& period, const Spending& spent);
  std::vector<BudgetState> states(WallTime now) const;
  BudgetPeriods periods(WallTime now) const;
};

}  // namespace weir
