// What limits and budgets belong to, by the words that clients, metrics and the ledger have for it.
// Threads: functions.
#pragma once

#include <string_view>

#include "limiter/budgets.h"
#include "limiter/limit.h"

namespace weir {

constexpr std::string_view scope_name(Refusal::Scope scope) {
  switch (scope) {
    case Refusal::Scope::server:
      return "server";
    case Refusal::Scope::model:
      return "model";
    case Refusal::Scope::tool:
      return "tool";
    case Refusal::Scope::client:
      return "client";
  }
  return "server";
}

constexpr std::string_view scope_name(BudgetScope scope) {
  switch (scope) {
    case BudgetScope::server:
      return "server";
    case BudgetScope::client:
      return "client";
    case BudgetScope::model:
      return "model";
    case BudgetScope::tool:
      return "tool";
  }
  return "server";
}

}  // namespace weir
