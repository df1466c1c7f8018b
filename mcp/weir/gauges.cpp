#include "mcp/weir/gauges.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>

#include "limiter/scope_name.h"

namespace weir::mcp {
namespace {

double seconds(Duration span) { return std::chrono::duration<double>(span).count(); }
double dollars(std::int64_t nano) { return static_cast<double>(nano) / 1e9; }

ModelGauge gauge_of(const Gate& gate, const Model& model) {
  const std::string& alias = model.settings.alias;
  const std::size_t slash = alias.find('/');  // see accounts_of()
  const GateState state = gate.state(model.group);
  ModelGauge gauge{.model = alias.substr(0, slash),
                   .account = slash == alias.npos ? std::string() : alias.substr(slash + 1),
                   .slots_taken = state.slots_taken,
                   .waiting = state.waiting,
                   .slots = model.settings.max_concurrency,
                   .paused = gate.paused_for(model.group),
                   .limits = gate.limits(model.group)};
  return gauge;
}

void single(PrometheusText& out, std::string_view name, std::string_view help, auto value,
            std::string_view type = "gauge") {
  out.family(name, type, help);
  out.sample({}, value);
}

void optional(PrometheusText& out, std::string_view name, std::string_view help, const auto& value,
              std::string_view type = "gauge") {
  if (value) single(out, name, help, *value, type);
}

void write_gate(PrometheusText& out, const Gauges& gauges) {
  const GateState& gate = gauges.gate;
  single(out, "weir_slots", "Calls to providers that may be in flight, all models together.",
         static_cast<std::int64_t>(gauges.slots));
  single(out, "weir_slots_taken", "Calls to providers in flight.", static_cast<std::int64_t>(gate.slots_taken));
  single(out, "weir_waiting_calls", "Calls that wait to be admitted.", static_cast<std::int64_t>(gate.waiting));
  single(out, "weir_waiting_bytes", "What the calls that wait hold in memory.", gate.bytes_waiting);
  single(out, "weir_loop_lag_seconds", "How long the scrape waited for its turn among the calls.",
         seconds(gauges.loop_lag));
}

void write_models(PrometheusText& out, const std::vector<ModelGauge>& models) {
  const auto each = [&](std::string_view name, std::string_view help, const auto& of) {
    out.family(name, "gauge", help);
    for (const ModelGauge& model : models)
      if (const auto value = of(model)) out.sample({{"model", model.model}, {"account", model.account}}, *value);
  };
  const auto whole = [](int value) { return std::optional<std::int64_t>(value); };
  each("weir_model_slots", "Calls to the model that may be in flight, where it has a bound of its own.",
       [&](const ModelGauge& m) { return m.slots ? whole(*m.slots) : std::nullopt; });
  each("weir_model_slots_taken", "Calls to the model in flight.",
       [&](const ModelGauge& m) { return whole(m.slots_taken); });
  each("weir_model_waiting_calls", "Calls to the model that wait to be admitted.",
       [&](const ModelGauge& m) { return whole(m.waiting); });
  each("weir_model_paused_seconds", "For how long the model is closed because its provider said so.",
       [](const ModelGauge& m) { return std::optional(seconds(m.paused)); });

  const auto limit = [&](std::string_view name, std::string_view help, const auto& of) {
    out.family(name, "gauge", help);
    for (const ModelGauge& model : models)
      for (const LimitState& state : model.limits)
        out.sample({{"model", model.model}, {"account", model.account}, {"limit", state.limit.name}}, of(state));
  };
  limit("weir_limit_level", "What is left of the limit at once; below zero it is in debt.",
        [](const LimitState& s) { return s.level; });
  limit("weir_limit_debt", "By how much the limit is overdrawn.",
        [](const LimitState& s) { return std::max<std::int64_t>(-s.level, 0); });
  limit("weir_limit_amount", "What the limit gives in each of its periods.",
        [](const LimitState& s) { return s.limit.amount; });
  limit("weir_limit_burst", "What the limit gives at once.", [](const LimitState& s) { return s.limit.burst; });
  limit("weir_limit_period_seconds", "The period of the limit.",
        [](const LimitState& s) { return seconds(s.limit.per); });
}

void write_ledger(PrometheusText& out, const LedgerState& ledger) {
  single(out, "weir_ledger_writing", "Whether the ledger's file is being written: 1, or 0 where there is trouble.",
         static_cast<std::int64_t>(ledger.writing && ledger.trouble.empty()));
  single(out, "weir_ledger_records_total", "Records told to the ledger.", ledger.told, "counter");
  single(out, "weir_ledger_committed_records_total", "Records that are in the file for good.", ledger.committed,
         "counter");
  single(out, "weir_ledger_lost_records_total", "Records that were told, and never will be in the file.", ledger.lost,
         "counter");
  single(out, "weir_ledger_waiting_records", "Records that are not committed yet.", ledger.waiting);
  single(out, "weir_ledger_lag_seconds", "How long the oldest of them has waited.", seconds(ledger.lag));
  single(out, "weir_ledger_file_bytes", "Size of the ledger's file.", ledger.file_bytes);
}

void write_budgets(PrometheusText& out, const std::vector<BudgetState>& budgets) {
  const auto each = [&](std::string_view metric, std::string_view help, const auto& value) {
    out.family(metric, "gauge", help);
    for (const BudgetState& budget : budgets) {
      const bool day = budget.key.find("_day_") != budget.key.npos;
      const MetricLabels labels = {{"of", scope_name(budget.of)}, {"name", budget.name}, {"period", day ? "day" : "month"}};
      if (const auto it = value(budget)) out.sample(labels, *it);
    }
  };
  const auto money = [](std::int64_t BudgetState::*figure) {
    return [figure](const BudgetState& b) -> std::optional<double> {
      return b.key.ends_with("_usd") ? std::optional(dollars(b.*figure)) : std::nullopt;
    };
  };
  const auto tokens = [](std::int64_t BudgetState::*figure) {
    return [figure](const BudgetState& b) -> std::optional<std::int64_t> {
      return b.key.ends_with("_tokens") ? std::optional(b.*figure) : std::nullopt;
    };
  };
  each("weir_budget_amount_usd", "What may be spent in the period.", money(&BudgetState::amount));
  each("weir_budget_spent_usd", "What has been spent in the period.", money(&BudgetState::spent));
  each("weir_budget_held_usd", "What calls on their way may cost at most.", money(&BudgetState::held));
  each("weir_budget_amount_tokens", "Tokens that may be used in the period.", tokens(&BudgetState::amount));
  each("weir_budget_spent_tokens", "Tokens that have been used in the period.", tokens(&BudgetState::spent));
  each("weir_budget_held_tokens", "Tokens that calls on their way may use at most.", tokens(&BudgetState::held));
}

void write_process(PrometheusText& out, const ProcessFigures& process) {
  optional(out, "process_cpu_seconds_total", "Total user and system CPU time spent in seconds.", process.cpu_seconds,
           "counter");
  optional(out, "process_resident_memory_bytes", "Resident memory size in bytes.", process.resident_bytes);
  optional(out, "process_virtual_memory_bytes", "Virtual memory size in bytes.", process.virtual_bytes);
  optional(out, "process_open_fds", "Number of open file descriptors.", process.open_fds);
  optional(out, "process_max_fds", "Maximum number of open file descriptors.", process.max_fds);
  optional(out, "process_threads", "Number of threads.", process.threads);
  optional(out, "process_start_time_seconds", "Start time of the process since unix epoch in seconds.",
           process.start_seconds);
}

}  // namespace

Gauges gauges_of(const Gate& gate, const Catalog& catalog) {
  Gauges gauges{.gate = gate.state(), .slots = gate.options().slots};
  std::map<std::string, const Model*> models;
  for (const auto& [name, tool] : catalog.tools()) {
    if (!tool.model()) continue;
    models.emplace(tool.model_alias(), tool.model().get());
    for (const auto& spare : tool.model()->spares) models.emplace(spare->settings.alias, spare.get());
  }
  for (const auto& [alias, model] : models) gauges.models.push_back(gauge_of(gate, *model));
  return gauges;
}

void write_gauges(PrometheusText& out, const Gauges& gauges) {
  write_gate(out, gauges);
  write_models(out, gauges.models);
  if (gauges.ledger) write_ledger(out, *gauges.ledger);
  write_budgets(out, gauges.budgets);
  if (gauges.spans) {
    single(out, "weir_spans_waiting", "Spans that wait to be exported.", gauges.spans->queued);
    single(out, "weir_spans_exported_total", "Spans that the receiver has taken.", gauges.spans->exported, "counter");
    single(out, "weir_spans_dropped_total", "Spans that were given up: the queue was full, or the receiver away.",
           gauges.spans->dropped, "counter");
    single(out, "weir_spans_rejected_total", "Spans that the receiver has refused.", gauges.spans->rejected, "counter");
  }
  write_process(out, gauges.process);
}

}  // namespace weir::mcp
