#include "limiter/budgets.h"

#include <algorithm>
#include <limits>

namespace weir {
namespace {

constexpr std::size_t kUnstatedMax = 10'000;
constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

// What others hold is mostly given back soon.
constexpr Duration kHeldWait = std::chrono::seconds(1);

constexpr const char* kKeys[] = {"budget_day_usd", "budget_month_usd", "budget_day_tokens", "budget_month_tokens"};

std::int64_t sum(std::int64_t a, std::int64_t b) { return a > kMost - b ? kMost : a + b; }  // of what is >= 0

bool passes_warning(std::int64_t spent, std::int64_t amount) { return spent >= amount - amount / 5; }

Refusal::Scope refusal_scope(BudgetScope of) {
  switch (of) {
    case BudgetScope::server:
      return Refusal::Scope::server;
    case BudgetScope::client:
      return Refusal::Scope::client;
    case BudgetScope::model:
      return Refusal::Scope::model;
    case BudgetScope::tool:
      return Refusal::Scope::tool;
  }
  return Refusal::Scope::server;
}

constexpr bool in_money(int measure) { return measure < 2; }
constexpr bool of_day(int measure) { return measure % 2 == 0; }

std::int64_t part(const Spending& spending, int measure) {
  return std::max<std::int64_t>(in_money(measure) ? spending.nano : spending.tokens, 0);
}

}  // namespace

Budgets::Budgets(std::string zone, std::function<void(const BudgetState&)> warn)
    : zone_(std::move(zone)), warn_(std::move(warn)) {}

void Budgets::rename(WallTime now) {
  day_ = day_of(zone_, now);
  month_ = day_.substr(0, day_.rfind('-'));
  day_ends_ = next_midnight(zone_, now);
  month_ends_ = next_month(zone_, now);
}

// Only forwards: when clocks are set back, what is spent is not given back.
void Budgets::turn(WallTime now) {
  if (now < day_ends_) return;
  const bool month_is_over = now >= month_ends_;
  ++day_number_;
  if (month_is_over) ++month_number_;
  rename(now);
  for (auto each = accounts_.begin(); each != accounts_.end();) {
    Account& account = each->second;
    if (month_is_over && !account.stated) {
      each = accounts_.erase(each);
      --unstated_;
      continue;
    }
    for (int measure = 0; measure < kMeasures; ++measure) {
      if (!of_day(measure) && !month_is_over) continue;
      account.spent[measure] = account.held[measure] = 0;
      account.warned[measure] = account.told_exhausted[measure] = false;
    }
    ++each;
  }
}

void Budgets::state(const std::map<std::pair<BudgetScope, std::string>, BudgetSettings>& budgets,
                    const std::string& zone, WallTime now) {
  turn(now);
  if (zone != zone_) {
    zone_ = zone;
    rename(now);
  }
  for (auto& [name, account] : accounts_) {
    if (account.stated) ++unstated_;
    account.stated = false;
    account.amount = {};
  }
  for (const auto& [name, settings] : budgets) {
    const std::array<std::optional<std::int64_t>, kMeasures> amount = {settings.day_nano, settings.month_nano,
                                                                       settings.day_tokens, settings.month_tokens};
    if (std::none_of(amount.begin(), amount.end(), [](const auto& one) { return one.has_value(); })) continue;
    auto [found, is_new] = accounts_.try_emplace(name);
    Account& account = found->second;
    if (is_new)
      account.since = last_hold_;
    else
      --unstated_;
    account.stated = true;
    account.amount = amount;
    for (int measure = 0; measure < kMeasures; ++measure) {
      // Raised, it may be warned of again.
      if (!amount[measure] || !passes_warning(account.spent[measure], *amount[measure]))
        account.warned[measure] = false;
      if (!amount[measure] || account.spent[measure] < *amount[measure]) account.told_exhausted[measure] = false;
      if (account.spent[measure] > 0) warn(found->first, account, measure, false);
    }
  }
}

Budgets::Account* Budgets::account(const Name& name) {
  const auto found = accounts_.find(name);
  if (found != accounts_.end()) return &found->second;
  if (unstated_ >= kUnstatedMax) return nullptr;
  ++unstated_;
  Account& made = accounts_[name];
  made.since = last_hold_;
  return &made;
}

std::vector<std::pair<const Budgets::Name*, Budgets::Account*>> Budgets::accounts(const Spender& spender) {
  std::vector<std::pair<const Name*, Account*>> result;
  const auto add = [&](BudgetScope of, const std::string& name) {
    if (of != BudgetScope::server && name.empty()) return;
    Account* const one = account({of, name});
    if (one != nullptr) result.emplace_back(&accounts_.find({of, name})->first, one);
  };
  result.reserve(5);
  add(BudgetScope::server, "");
  add(BudgetScope::client, spender.client);
  if (spender.parent != spender.client) add(BudgetScope::client, spender.parent);
  add(BudgetScope::model, spender.model);
  add(BudgetScope::tool, spender.tool);
  return result;
}

BudgetState Budgets::state_of(const Name& name, const Account& account, int measure) const {
  return {.of = name.first,
          .name = name.second,
          .key = kKeys[measure],
          .amount = account.amount[measure].value_or(0),
          .spent = account.spent[measure],
          .held = account.held[measure],
          .resets = of_day(measure) ? day_ends_ : month_ends_};
}

std::optional<BudgetState> Budgets::in_money(const Spender& spender, WallTime now) {
  turn(now);
  for (const auto& [name, account] : accounts(spender))
    for (const int measure : {kDayNano, kMonthNano})
      if (account->amount[measure]) return state_of(*name, *account, measure);
  return std::nullopt;
}

Refusal Budgets::refusal(const Name& name, const Account& account, int measure, std::int64_t needed,
                         WallTime now) const {
  Refusal refusal{.reason = Refusal::Reason::wait_too_long,
                  .of = refusal_scope(name.first),
                  .scope = name.first == BudgetScope::server ? "server" : name.second,
                  .limit = kKeys[measure],
                  .largest = *account.amount[measure],
                  .needed = needed};
  refusal.resets = of_day(measure) ? day_ends_ : month_ends_;
  refusal.left = std::max<std::int64_t>(*account.amount[measure] - account.spent[measure], 0);
  if (needed > *account.amount[measure])
    refusal.reason = Refusal::Reason::never;
  else if (sum(account.spent[measure], needed) <= *account.amount[measure])
    refusal.retry_after = kHeldWait;
  else
    refusal.retry_after = std::max(Duration(refusal.resets - now), kHeldWait);
  return refusal;
}

void Budgets::warn(const Name& name, Account& account, int measure, bool refused) {
  if (!account.amount[measure]) return;
  const std::int64_t amount = *account.amount[measure], spent = account.spent[measure];
  const bool near = passes_warning(spent, amount);
  const bool over = spent >= amount || (refused && near);
  if (!near || (over ? account.told_exhausted : account.warned)[measure]) return;
  account.warned[measure] = true;
  if (over) account.told_exhausted[measure] = true;
  BudgetState told = state_of(name, account, measure);
  told.exhausted = over;
  if (warn_) warn_(told);
}

std::variant<BudgetPeriods, Refusal> Budgets::hold(const Spender& spender, const Spending& most, WallTime now) {
  turn(now);
  const auto charged = accounts(spender);
  // Of those that stand in the way, the one that does so longest.
  std::optional<Refusal> answer;
  const auto longer = [](const Refusal& a, const Refusal& b) {
    return b.retry_after && (!a.retry_after || *a.retry_after > *b.retry_after);
  };
  for (const auto& [name, account] : charged) {
    for (int measure = 0; measure < kMeasures; ++measure) {
      const std::int64_t needed = part(most, measure);
      if (!account->amount[measure] || needed == 0) continue;  // what is free is not refused
      if (sum(sum(account->spent[measure], account->held[measure]), needed) <= *account->amount[measure]) continue;
      Refusal one = refusal(*name, *account, measure, needed, now);
      if (one.reason == Refusal::Reason::wait_too_long && one.retry_after != kHeldWait)
        warn(*name, *account, measure, true);
      if (!answer || longer(one, *answer)) answer = std::move(one);
    }
  }
  if (answer) return *answer;
  for (const auto& [name, account] : charged)
    for (int measure = 0; measure < kMeasures; ++measure)
      account->held[measure] = sum(account->held[measure], part(most, measure));
  BudgetPeriods periods = this->periods(now);
  periods.hold = ++last_hold_;
  return periods;
}

void Budgets::settle(const Spender& spender, const BudgetPeriods& periods, const Spending& held, const Spending& used,
                     WallTime now) {
  turn(now);
  for (const auto& [name, account] : accounts(spender)) {
    for (int measure = 0; measure < kMeasures; ++measure) {
      // Of a period that is over nothing is kept.
      if (of_day(measure) ? periods.day_number != day_number_ : periods.month_number != month_number_) continue;
      if (periods.hold > account->since)
        account->held[measure] = std::max<std::int64_t>(account->held[measure] - part(held, measure), 0);
      if (part(used, measure) == 0) continue;
      account->spent[measure] = sum(account->spent[measure], part(used, measure));
      warn(*name, *account, measure, false);
    }
  }
}

void Budgets::restore(BudgetScope scope, const std::string& name, const std::string& period, const Spending& spent,
                      WallTime now) {
  turn(now);
  if (period != day_ && period != month_) return;
  Account* const one = account({scope, name});
  if (one == nullptr) return;
  for (int measure = 0; measure < kMeasures; ++measure) {
    if ((of_day(measure) ? day_ : month_) != period) continue;
    one->spent[measure] = sum(one->spent[measure], part(spent, measure));
    // Who was warned before is not warned again because the process has begun anew.
    if (!one->amount[measure]) continue;
    one->warned[measure] = passes_warning(one->spent[measure], *one->amount[measure]);
    one->told_exhausted[measure] = one->spent[measure] >= *one->amount[measure];
  }
}

std::vector<BudgetState> Budgets::states(WallTime now) {
  turn(now);
  std::vector<BudgetState> result;
  for (const auto& [name, account] : accounts_)
    for (int measure = 0; measure < kMeasures; ++measure)
      if (account.amount[measure]) result.push_back(state_of(name, account, measure));
  return result;
}

BudgetPeriods Budgets::periods(WallTime now) {
  turn(now);
  return {.day = day_, .month = month_, .day_number = day_number_, .month_number = month_number_};
}

}  // namespace weir
