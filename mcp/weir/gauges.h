// What stands somewhere at the moment of a scrape: limits, slots, queues, budgets, the ledger, the process.
// Threads: gauges_of() on the loop's thread; write_gauges() any.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "limiter/budgets.h"
#include "limiter/gate.h"
#include "mcp/weir/process_figures.h"
#include "mcp/weir/prometheus_text.h"
#include "tools/catalog/catalog.h"
#include "tools/ledger/ledger.h"

namespace weir::mcp {

// A model by one of its keys.
struct ModelGauge {
  std::string model{}, account{};  // alias; the key's name, empty = the first
  int slots_taken = 0, waiting = 0;
  std::optional<int> slots{};
  Duration paused{};
  std::vector<LimitState> limits{};
};

struct SpanCounts {
  std::int64_t queued = 0;                               // waiting to be exported
  std::int64_t exported = 0, dropped = 0, rejected = 0;  // taken by the receiver; given up here; refused by it
};

struct Gauges {
  GateState gate{};
  int slots = 0;
  std::vector<ModelGauge> models{};
  std::optional<LedgerState> ledger{};
  std::vector<BudgetState> budgets{};
  std::optional<SpanCounts> spans{};
  ProcessFigures process{};
  Duration loop_lag{};  // how long the scrape waited for its turn on the loop
};

// Of the gate, by the models of the catalog's tools; the rest is the caller's to fill.
Gauges gauges_of(const Gate& gate, const Catalog& catalog);
void write_gauges(PrometheusText& out, const Gauges& gauges);

}  // namespace weir::mcp
