// The questions that the ledger answers by name, and SQL by who may ask it.
// Shape:   report "usage": sums by day, hour, tool, model, client or total, of the tables hourly and daily, so that
// they
//          outlive the calls; "calls": the latest; "slowest"; "budgets": what was spent, by period; "audit"; "sql".
//          `since` is included, `until` is not. Sums by day count whole days of UTC; all others whole hours: the range
//          is widened to them.
// Units:   *_us: microseconds of the system clock; cost in nano-dollars. In answers *_ms, *_nano, tokens, and times as
//          ISO 8601. cost_unknown: attempts of which nobody knows what they cost, and which cost_nano leaves out.
// Security: with `only_client` set nothing of another client can be had: its rows only, neither SQL nor audit.
// Errors:  what, where, what would be right.
// Threads: any.
#pragma once

#include <optional>
#include <string>

#include "tools/ledger/sql_guard.h"

namespace weir {

struct UsageQuestion {
  std::string report = "usage";
  std::string by = "day";  // of "usage"
  std::optional<std::int64_t> since_us{}, until_us{};
  std::string tool{}, model{}, client{};  // empty = any
  std::int64_t limit = 100;               // rows, at most kUsageRowsMax
  std::string sql{};                      // of "sql"
  std::optional<std::string> only_client{};
};

inline constexpr std::int64_t kUsageRowsMax = 1'000;
const std::vector<std::string>& usage_reports();
const std::vector<std::string>& usage_groupings();

class Questions {
 public:
  // As SqlGuard has them.
  Questions(std::string file, std::function<Instant()> now, SqlBounds bounds = {});
  Result<UsageAnswer> ask(const UsageQuestion& question, std::stop_token stop = {}) const;

 private:
  SqlGuard guard_;
};

}  // namespace weir
