// An answer of the ledger, as text: a table for people, CSV and JSON for machines.
// Shape:   table: aligned, numbers to the right with commas, times and money in words, a small bar of cost (of tokens
// or
//          calls, where nothing has a price); columns that do not fit into `width` are left out, the last first. CSV:
//          RFC 4180; a text that a spreadsheet would take for a formula has an apostrophe before it.
// Errors:  none; control characters in texts are shown as "?".
// Threads: functions of values.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "tools/ledger/questions.h"

namespace weir::mcp {

struct UsageTableOptions {
  std::size_t width = 100;
  bool bars = true;
  const UsageAnswer* total = nullptr;  // one row of the same columns, said last
};

std::string usage_table(const UsageAnswer& answer, const UsageTableOptions& options);
std::string usage_csv(const UsageAnswer& answer);
// {columns, rows, truncated, truncated_by?}
nlohmann::json usage_json(const UsageAnswer& answer);
// "$0.0123"; at least four decimals.
std::string money(std::int64_t nano);

}  // namespace weir::mcp
