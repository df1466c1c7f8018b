// What the configuration says of keeping count: [ledger], [metrics], [tracing], and budgets.
// Units:   money in nano-dollars (TOML: US dollars, at most nine decimals); durations in nanoseconds; sizes in bytes.
// Threads: values.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "config/secret.h"

namespace weir {

// The most that a client, a model, a tool or the server may use, per day and per month of server.budget_zone.
struct BudgetSettings {
  std::optional<std::int64_t> day_nano, month_nano;      // budget_day_usd, budget_month_usd; >= 0
  std::optional<std::int64_t> day_tokens, month_tokens;  // budget_day_tokens, …: input and output; >= 0
  bool operator==(const BudgetSettings&) const = default;
};

// [ledger]
struct LedgerSettings {
  std::string file{};                                        // an absolute path; empty = in memory, for this process
  std::chrono::nanoseconds flush = std::chrono::milliseconds(250);  // what a killed process may lose, at most; 0 = at once
  std::chrono::nanoseconds keep = std::chrono::hours(24 * 90);      // calls and attempts
  std::chrono::nanoseconds keep_hours = std::chrono::hours(24 * 400);  // sums by hour; those by day stay
  std::int64_t bytes_max = std::int64_t{1} << 30;            // of the file; the oldest calls go first
  bool sql = true;                                           // whether weir_usage takes SQL
  int line = 0;
  bool operator==(const LedgerSettings&) const = default;
};

// [metrics]
struct MetricsSettings {
  bool enabled = true;            // whether /metrics is served
  std::optional<Secret> token{};  // what a scraper must send as its bearer token; "env:NAME" or "file:/path"
  bool open = false;              // whether it is served without a token beyond loopback
  int line = 0;
  bool operator==(const MetricsSettings&) const = default;
};

// [tracing]
struct TracingSettings {
  std::string endpoint{};          // "http://127.0.0.1:4318/v1/traces"; empty = spans go nowhere
  std::optional<Secret> authorization{};  // the Authorization header for it; "env:NAME" or "file:/path"
  double sample = 1.0;             // share of the traces that begin here; those that come sampled are kept
  std::string service = "weir";    // service.name
  bool upstream = true;            // whether providers are sent a traceparent
  int line = 0;
  bool operator==(const TracingSettings&) const = default;
};

}  // namespace weir
