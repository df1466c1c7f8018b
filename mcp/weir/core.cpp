#include "mcp/weir/core.h"

#include <spdlog/spdlog.h>

#include <initializer_list>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "mcp/weir/budget_words.h"
#include "mcp/weir/draft.h"

namespace weir::mcp {
namespace {

void warn(const std::string& line) { spdlog::warn("{}", line); }
void complain(const std::string& line) { spdlog::error("{}", line); }

GateOptions gate_options_of(const ServerSettings& server, Observer& observer) {
  GateOptions options = gate_options(server);
  options.observer = &observer;
  options.seed = std::random_device{}();
  return options;
}

LedgerOptions ledger_options(const LedgerSettings& settings, const std::string& version) {
  return {.file = settings.file,
          .flush = settings.flush,
          .keep = settings.keep,
          .keep_hours = settings.keep_hours,
          .bytes_max = settings.bytes_max,
          .version = version,
          .complain = complain};
}

}  // namespace

Core::Core(const Config& config, const std::string& version)
    : decisions(tally, warn),
      gate(loop, store, gate_options_of(config.server, decisions)),
      http(loop),
      budgets(config.server.budget_zone, [this](const BudgetState& budget) { warn_of(budget); }),
      ledger(loop, ledger_options(config.ledger, version), current_periods(),
             [this](const std::vector<Spent>& spent) { restore(spent); }),
      usage(loop, ledger.name()),
      metrics({.version = version}),
      tracer(loop, http, random, {.settings = config.tracing, .version = version, .complain = warn}),
      flights({.loop = loop,
               .gate = gate,
               .http = http,
               .retry_budgets = retry_budgets,
               .estimator = estimator,
               .random = random,
               .log = &logs,
               .budgets = &budgets,
               .trace_upstream = config.tracing.upstream}),
      cache(loop, {.file = config.server.cache_file, .bytes_max = config.server.cache_bytes, .complain = complain}),
      calls(loop, flights, &cache),
      http_calls(loop, http, random, {.queue_limit = config.server.queue_limit, .max_wait = config.server.max_wait}) {
  for (CallLog* log : std::initializer_list<CallLog*>{&ledger, &metrics, &tracer}) logs.add(*log);
  decisions.note_to([this](Note noted) { note(std::move(noted)); });
  restate(config);
}

void Core::note(Note note) {
  note.at = loop.wall();
  logs.noted(note);
}

void Core::restate(const Config& config) {
  budgets.state(budgets_of(config), config.server.budget_zone, loop.wall());
  std::set<std::string> clients;
  for (const auto& [name, client] : config.clients) clients.insert(name);
  metrics.name_clients(std::move(clients));
}

void Core::warn_of(const BudgetState& budget) {
  warn(in_words(budget));
  note({.at = {},
        .kind = budget.exhausted ? "budget_exhausted" : "budget_warned",
        .subject = whose_budget(budget),
        .detail = nlohmann::json{{"budget", budget.key}, {"amount", budget.amount}, {"spent", budget.spent}}.dump()});
}

std::vector<std::string> Core::current_periods() {
  const BudgetPeriods periods = budgets.periods(loop.wall());
  return {periods.day, periods.month};
}

// What was spent before this process, in the day and month that it is now.
void Core::restore(const std::vector<Spent>& spent) {
  for (const Spent& one : spent)
    if (const auto scope = budget_scope(one.scope))
      budgets.restore(*scope, one.name, one.period, {one.nano, one.tokens}, loop.wall());
}

}  // namespace weir::mcp
