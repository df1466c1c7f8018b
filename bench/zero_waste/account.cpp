#include "bench/zero_waste/account.h"

#include <algorithm>

namespace bench::zero_waste {
namespace {

using namespace std::chrono_literals;
using replay::Ledger;
using replay::Regime;

constexpr Dimension kAll[] = {Dimension::requests, Dimension::tokens, Dimension::input, Dimension::output,
                              Dimension::day};

Regime regime_of(Vendor vendor) {
  switch (vendor) {
    case Vendor::openai:
      return Regime::slices;
    case Vendor::anthropic:
      return Regime::minute;
    case Vendor::gemini:
      return Regime::rolling;
  }
  return Regime::none;
}

}  // namespace

std::string_view name_of(Vendor vendor) {
  switch (vendor) {
    case Vendor::openai:
      return "openai";
    case Vendor::anthropic:
      return "anthropic";
    case Vendor::gemini:
      return "gemini";
  }
  return "";
}

std::int64_t amount_of(Vendor vendor, Dimension dimension) {
  constexpr std::int64_t kAmounts[][kDimensions] = {
      {500, 200'000, 0, 0, 0}, {1'000, 0, 200'000, 40'000, 0}, {300, 0, 100'000, 0, 10'000}};
  return kAmounts[static_cast<std::size_t>(vendor)][static_cast<std::size_t>(dimension)];
}

Dimension tightest(Vendor vendor) {
  if (vendor == Vendor::openai) return Dimension::tokens;
  return vendor == Vendor::anthropic ? Dimension::output : Dimension::input;
}

std::int64_t cost_of(Vendor vendor, Dimension dimension, const Query& query) {
  if (amount_of(vendor, dimension) == 0) return 0;
  switch (dimension) {
    case Dimension::requests:
    case Dimension::day:
      return 1;
    case Dimension::tokens:
      return std::max(query.cap, (query.bytes + 3) / 4);
    case Dimension::input:
      return query.input;
    case Dimension::output:
      return query.output;
  }
  return 0;
}

Account::Account(Vendor vendor) : vendor_(vendor) {
  for (const Dimension dimension : kAll)
    if (dimension != Dimension::day && amount_of(vendor, dimension) > 0)
      ledgers_[static_cast<std::size_t>(dimension)].emplace(regime_of(vendor), amount_of(vendor, dimension));
}

Verdict Account::arrived(const Query& query, Party party, Instant now) {
  Verdict verdict;
  for (const Dimension dimension : kAll) {
    const std::int64_t units = cost_of(vendor_, dimension, query);
    if (units == 0) continue;
    Duration wait{};
    if (dimension == Dimension::day)
      wait = today_ < amount_of(vendor_, dimension) ? 0s : 12h;
    else  // how long the answer will be, nobody knows yet
      wait = ledger(dimension).until_admits(dimension == Dimension::output ? 1 : units, now);
    if (wait <= verdict.retry_after) continue;
    verdict = {dimension, wait};
  }
  if (verdict.exhausted) {
    if (ledger(Dimension::requests).admits(1, now)) count(Dimension::requests, 1, party, now);
    return verdict;
  }
  for (const Dimension dimension : kAll)
    if (dimension != Dimension::output) count(dimension, cost_of(vendor_, dimension, query), party, now);
  return verdict;
}

void Account::produced(std::int64_t output_tokens, Party party, Instant now) {
  if (amount_of(vendor_, Dimension::output) > 0) count(Dimension::output, output_tokens, party, now);
}

void Account::count(Dimension dimension, std::int64_t units, Party party, Instant now) {
  if (units == 0) return;
  if (dimension == Dimension::day)
    today_ += units;
  else
    ledger(dimension).count(units, now);
  if (dimension == tightest(vendor_)) taken_.push_back({now, units, party});
}

std::int64_t Account::remaining(Dimension dimension, Instant now) { return ledger(dimension).remaining(now); }

Duration Account::until_full(Dimension dimension, Instant now) { return ledger(dimension).until_full(now); }

}  // namespace bench::zero_waste
