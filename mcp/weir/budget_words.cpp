#include "mcp/weir/budget_words.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <array>
#include <utility>

#include "config/units.h"

namespace weir::mcp {
namespace {

constexpr std::array<std::pair<std::string_view, BudgetScope>, 4> kScopes = {{{"server", BudgetScope::server},
                                                                              {"client", BudgetScope::client},
                                                                              {"model", BudgetScope::model},
                                                                              {"tool", BudgetScope::tool}}};

std::string amount_of(const BudgetState& budget, std::int64_t amount) {
  const bool money = budget.key.ends_with("_usd");
  return money ? format_price(amount / 1'000) + " USD" : fmt::format("{} tokens", amount);
}

}  // namespace

std::string whose_budget(const BudgetState& budget) {
  for (const auto& [name, scope] : kScopes)
    if (scope == budget.of) return budget.name.empty() ? std::string(name) : fmt::format("{} {}", name, budget.name);
  return budget.name;
}

std::string in_words(const BudgetState& budget) {
  const std::time_t reset = std::chrono::floor<std::chrono::seconds>(budget.resets).time_since_epoch().count();
  return fmt::format("{} {} {} of its {} = {}; it resets at {}", whose_budget(budget),
                     budget.exhausted ? "is refused, having spent" : "has spent", amount_of(budget, budget.spent),
                     budget.key, amount_of(budget, budget.amount), fmt::format("{:%Y-%m-%dT%H:%M:%S}Z", fmt::gmtime(reset)));
}

std::optional<BudgetScope> budget_scope(std::string_view name) {
  for (const auto& [word, scope] : kScopes)
    if (word == name) return scope;
  return std::nullopt;
}

}  // namespace weir::mcp
