// Everything that lives on the core's loop, as the configuration has it: the limiter, the provider's client, what keeps
// count, and the calls. Destroyed from the bottom up.
// Threads: the loop's thread.
#pragma once

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "config/config.h"
#include "limiter/budgets.h"
#include "limiter/gate.h"
#include "limiter/loop_uv.h"
#include "limiter/store_memory.h"
#include "limiter/tally.h"
#include "mcp/weir/decisions.h"
#include "mcp/weir/metrics.h"
#include "mcp/weir/tracer.h"
#include "tools/cache/answer_cache.h"
#include "tools/calls.h"
#include "tools/flights.h"
#include "tools/http/curl.h"
#include "tools/ledger/ledger.h"
#include "tools/ledger/usage_desk.h"
#include "tools/operators/http_call.h"

namespace weir::mcp {

struct Core {
  Core(const Config& config, const std::string& version);

  void note(Note note);  // for good
  // Budgets, and who is called by name, are others now.
  void restate(const Config& config);

  UvLoop loop;
  MemoryStore store;
  Tally tally;
  Decisions decisions;
  Gate gate;
  RetryBudgets retry_budgets;
  Estimator estimator;
  std::mt19937_64 random{std::random_device{}()};
  CurlClient http;
  Budgets budgets;
  Ledger ledger;
  UsageDesk usage;
  Metrics metrics;
  Tracer tracer;
  CallLogs logs;  // what has happened, told to the three above
  Flights flights;
  AnswerCache cache;
  Calls calls;
  HttpCalls http_calls;

 private:
  void warn_of(const BudgetState& budget);
  std::vector<std::string> current_periods();
  void restore(const std::vector<Spent>& spent);
};

}  // namespace weir::mcp
