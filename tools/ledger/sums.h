// Sums of records, by hour, tool, client and model, and of what budgets were charged with: what outlives the rows.
// Invariant: the sums of records are those of their rows, to the last microsecond and token.
// Units:   as schema.h has them.
// Bounds:  kHoursMax keys of hours and as many of budgets; of a record whose key would be one more, nothing is added.
// Threads: values.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tools/call_log.h"

namespace weir {

// As the columns of `hourly` are named.
struct LedgerSum {
  std::int64_t calls = 0, answered = 0, refused = 0, failed = 0, cancelled = 0, from_cache = 0, shared = 0, took_us = 0;
  std::int64_t attempts = 0, retries = 0, rate_limited = 0;
  std::int64_t uncached_input_tokens = 0, cached_input_tokens = 0, cache_write_tokens = 0;
  std::int64_t output_tokens = 0, reasoning_tokens = 0, cost_nano = 0, cost_unknown = 0;
  std::int64_t queued_us = 0, throttled_us = 0;
  bool operator==(const LedgerSum&) const = default;
};

struct LedgerSumColumn {
  const char* name;
  std::int64_t LedgerSum::*value;
};
const std::vector<LedgerSumColumn>& ledger_sum_columns();

class LedgerSums {
 public:
  static constexpr std::size_t kHoursMax = 65'536;
  struct Hour {
    std::int64_t start_us = 0;
    std::string tool, client, model;
    auto operator<=>(const Hour&) const = default;
  };
  struct Budget {
    std::string period, scope, name;
    auto operator<=>(const Budget&) const = default;
  };
  struct Charged {
    std::int64_t nano = 0, tokens = 0;
  };

  void add(const AttemptRecord& attempt);
  void add(const CallRecord& call);
  void add(const Note&) {}
  void add(const LedgerSums& more);
  bool empty() const { return hours_.empty() && spent_.empty(); }
  const std::map<Hour, LedgerSum>& hours() const { return hours_; }
  const std::map<Budget, Charged>& spent() const { return spent_; }

 private:
  LedgerSum* sum_of(Hour hour);
  void charge(Budget budget, const Charged& charged);
  std::map<Hour, LedgerSum> hours_;
  std::map<Budget, Charged> spent_;
};

// How records become numbers of rows. What a provider says may be any number: nothing beyond 10^14 is believed, so
// that no sum overflows.
std::int64_t ledger_amount(std::int64_t amount);
std::int64_t ledger_us(WallTime time);
std::int64_t ledger_us(Duration span);  // 0 for less than none
std::int64_t ledger_uncached(const TokenCounts& counts);
std::int64_t ledger_day(std::int64_t us);  // the start of its day, UTC

}  // namespace weir
