#include "tools/ledger/sums.h"

#include <algorithm>
#include <utility>

namespace weir {
namespace {

constexpr std::int64_t kAmountMax = 100'000'000'000'000;

std::int64_t hour_us(WallTime time) {
  const auto hour = std::chrono::floor<std::chrono::hours>(time);
  return std::chrono::duration_cast<std::chrono::microseconds>(hour.time_since_epoch()).count();
}

}  // namespace

std::int64_t ledger_amount(std::int64_t amount) { return std::clamp<std::int64_t>(amount, 0, kAmountMax); }

std::int64_t ledger_us(WallTime time) {
  return std::chrono::floor<std::chrono::microseconds>(time).time_since_epoch().count();
}

std::int64_t ledger_us(Duration span) {
  return ledger_amount(std::chrono::duration_cast<std::chrono::microseconds>(span).count());
}

std::int64_t ledger_uncached(const TokenCounts& counts) {
  return ledger_amount(ledger_amount(counts.input) - ledger_amount(counts.cached_input));
}

std::int64_t ledger_day(std::int64_t us) {
  const std::chrono::sys_time<std::chrono::microseconds> time{std::chrono::microseconds(us)};
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::floor<std::chrono::days>(time).time_since_epoch())
      .count();
}

const std::vector<LedgerSumColumn>& ledger_sum_columns() {
  static const std::vector<LedgerSumColumn> columns = {
      {"calls", &LedgerSum::calls},
      {"answered", &LedgerSum::answered},
      {"refused", &LedgerSum::refused},
      {"failed", &LedgerSum::failed},
      {"cancelled", &LedgerSum::cancelled},
      {"from_cache", &LedgerSum::from_cache},
      {"shared", &LedgerSum::shared},
      {"took_us", &LedgerSum::took_us},
      {"attempts", &LedgerSum::attempts},
      {"retries", &LedgerSum::retries},
      {"rate_limited", &LedgerSum::rate_limited},
      {"uncached_input_tokens", &LedgerSum::uncached_input_tokens},
      {"cached_input_tokens", &LedgerSum::cached_input_tokens},
      {"cache_write_tokens", &LedgerSum::cache_write_tokens},
      {"output_tokens", &LedgerSum::output_tokens},
      {"reasoning_tokens", &LedgerSum::reasoning_tokens},
      {"cost_nano", &LedgerSum::cost_nano},
      {"cost_unknown", &LedgerSum::cost_unknown},
      {"queued_us", &LedgerSum::queued_us},
      {"throttled_us", &LedgerSum::throttled_us},
  };
  return columns;
}

void LedgerSums::add(const AttemptRecord& attempt) {
  const CallIdentity& call = *attempt.call;
  if (LedgerSum* sum = sum_of({hour_us(attempt.ended), call.tool, call.client, attempt.model})) {
    ++sum->attempts;
    if (attempt.number > 1) ++sum->retries;
    if (attempt.outcome == "rate_limited") ++sum->rate_limited;
    if (attempt.used) {
      sum->uncached_input_tokens += ledger_uncached(*attempt.used);
      sum->cached_input_tokens += ledger_amount(attempt.used->cached_input);
      sum->cache_write_tokens += ledger_amount(attempt.used->cache_write);
      sum->output_tokens += ledger_amount(attempt.used->output);
      sum->reasoning_tokens += ledger_amount(attempt.used->reasoning);
    }
    if (attempt.cost_nano)
      sum->cost_nano += ledger_amount(*attempt.cost_nano);
    else
      ++sum->cost_unknown;
    sum->queued_us += ledger_us(attempt.queued);
    sum->throttled_us += ledger_us(attempt.throttled);
  }
  const Charged charged{ledger_amount(attempt.charge.nano), ledger_amount(attempt.charge.tokens)};
  if (charged.nano == 0 && charged.tokens == 0) return;
  for (const std::string& period : {attempt.charge.day, attempt.charge.month}) {
    if (period.empty()) continue;
    charge({period, "server", ""}, charged);
    if (!call.client.empty()) charge({period, "client", call.client}, charged);
    if (!call.parent.empty()) charge({period, "client", call.parent}, charged);
    if (!attempt.model.empty()) charge({period, "model", attempt.model}, charged);
    if (!call.tool.empty()) charge({period, "tool", call.tool}, charged);
  }
}

void LedgerSums::add(const CallRecord& call) {
  LedgerSum* sum = sum_of({hour_us(call.ended), call.call->tool, call.call->client, call.model});
  if (sum == nullptr) return;
  ++sum->calls;
  if (call.outcome == "ok" || call.outcome == "length")
    ++sum->answered;
  else if (call.outcome == "refused")
    ++sum->refused;
  else if (call.outcome == "cancelled")
    ++sum->cancelled;
  else
    ++sum->failed;
  sum->from_cache += ledger_amount(call.from_cache);
  sum->shared += ledger_amount(call.shared);
  sum->took_us += ledger_us(call.took);
}

void LedgerSums::add(const LedgerSums& more) {
  for (const auto& [hour, values] : more.hours_) {
    LedgerSum* sum = sum_of(hour);
    if (sum == nullptr) continue;
    for (const LedgerSumColumn& column : ledger_sum_columns()) sum->*column.value += values.*column.value;
  }
  for (const auto& [budget, charged] : more.spent_) charge(budget, charged);
}

LedgerSum* LedgerSums::sum_of(Hour hour) {
  const auto found = hours_.find(hour);
  if (found != hours_.end()) return &found->second;
  if (hours_.size() >= kHoursMax) return nullptr;
  return &hours_[std::move(hour)];
}

void LedgerSums::charge(Budget budget, const Charged& charged) {
  auto found = spent_.find(budget);
  if (found == spent_.end()) {
    if (spent_.size() >= kHoursMax) return;
    found = spent_.emplace(std::move(budget), Charged{}).first;
  }
  found->second.nano += charged.nano;
  found->second.tokens += charged.tokens;
}

}  // namespace weir
