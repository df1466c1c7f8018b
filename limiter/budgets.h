// Budgets: the most that may be spent by day and by month, in money and in tokens. What a call may cost at most is held
// before it is sent, and settled by what it cost; so no race spends more than there is, as long as no call costs more
// than was held for it.
// Shape:   scopes "client", "model", "tool", "server" by name; a client's parent is charged as a client too. A period
// is
//          a calendar day or month of one time zone. A hold counts in the period in which it was made. What is spent by
//          those who have no budget is remembered too, until the month ends: they may be given one.
// Invariant: spent + held never exceeds the amount by a hold; each hold is settled once.
// Bounds:  ten thousand names without a budget are remembered.
// Units:   nano-dollars, tokens (input and output together). Sums end at what 64 bits hold.
// Errors:  a refusal: Refusal::Reason::wait_too_long (never: more than the whole budget), `limit` the budget's key,
// such
//          as "budget_day_usd", `largest` its amount, `needed` what the call may cost at most, `resets` when the period
//          ends, retry_after until then; or a second, where only what others hold is in the way.
// Threads: the loop's thread.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
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
  std::string client{}, parent{}, model{}, tool{};
};

// A budget as it stands.
struct BudgetState {
  BudgetScope of = BudgetScope::server;
  std::string name;  // empty: the server's
  std::string key;   // "budget_day_usd", …
  std::int64_t amount = 0, spent = 0, held = 0;
  WallTime resets{};
  bool exhausted = false;  // of a warning: it is used up, or what is left was too little for a call
};

struct BudgetPeriods {
  std::string day, month;  // "2026-11-22", "2026-11"
  // By which a hold is known again.
  std::uint64_t day_number = 0, month_number = 0, hold = 0;
};

class Budgets {
 public:
  // `warn` is told once a period, when a budget has passed 80 %, and when it is used up. It may not call back.
  Budgets(std::string zone, std::function<void(const BudgetState&)> warn);

  // Stated anew as a whole, also while holds are out; what was spent stays. Another time zone: this day and month go
  // on, and end when they end there.
  void state(const std::map<std::pair<BudgetScope, std::string>, BudgetSettings>& budgets, const std::string& zone,
             WallTime now);
  // One of the spender's budgets in money, if there is any: whatever has no price may not be sent then.
  std::optional<BudgetState> in_money(const Spender& spender, WallTime now);
  // All budgets of the spender, or none.
  std::variant<BudgetPeriods, Refusal> hold(const Spender& spender, const Spending& most, WallTime now);
  void settle(const Spender& spender, const BudgetPeriods& periods, const Spending& held, const Spending& used,
              WallTime now);
  // What was spent before this process in this day or month, by its name; others are over. After state(), before calls.
  void restore(BudgetScope scope, const std::string& name, const std::string& period, const Spending& spent,
               WallTime now);
  // Those that are stated, in order.
  std::vector<BudgetState> states(WallTime now);
  BudgetPeriods periods(WallTime now);

 private:
  enum Measure { kDayNano, kMonthNano, kDayTokens, kMonthTokens, kMeasures };
  struct Account {
    bool stated = false;
    std::uint64_t since = 0;  // holds up to this one are not in it
    std::array<std::optional<std::int64_t>, kMeasures> amount{};
    std::array<std::int64_t, kMeasures> spent{}, held{};
    std::array<bool, kMeasures> warned{}, told_exhausted{};
  };
  using Name = std::pair<BudgetScope, std::string>;
  using Accounts = std::map<Name, Account>;

  void turn(WallTime now);
  void rename(WallTime now);
  Account* account(const Name& name);
  std::vector<std::pair<const Name*, Account*>> accounts(const Spender& spender);
  BudgetState state_of(const Name& name, const Account& account, int measure) const;
  Refusal refusal(const Name& name, const Account& account, int measure, std::int64_t needed, WallTime now) const;
  void warn(const Name& name, Account& account, int measure, bool refused);

  std::string zone_;
  std::function<void(const BudgetState&)> warn_;
  Accounts accounts_;
  std::size_t unstated_ = 0;
  std::string day_, month_;
  WallTime day_ends_{}, month_ends_{};
  std::uint64_t day_number_ = 0, month_number_ = 0, last_hold_ = 0;
};

}  // namespace weir
