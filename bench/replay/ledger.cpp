#include "bench/replay/ledger.h"

#include <algorithm>
#include <cmath>

namespace bench::replay {
namespace {

using namespace std::chrono_literals;
__extension__ using Wide = __int128;

constexpr std::int64_t kMinuteNs = Duration(1min).count();
constexpr std::int64_t kSlices = 60;

std::int64_t slice_of(Instant now) { return now.time_since_epoch() / Duration(1s); }

}  // namespace

std::string_view name_of(Regime regime) {
  switch (regime) {
    case Regime::none:
      return "none";
    case Regime::minute:
      return "bucket-60s";
    case Regime::tenth:
      return "bucket-10s";
    case Regime::rolling:
      return "rolling";
    case Regime::slices:
      return "slices";
  }
  return "";
}

Ledger::Ledger(Regime regime, std::int64_t amount) : regime_(regime), amount_(amount), level_(capacity()) {}

std::int64_t Ledger::capacity() const {
  return regime_ == Regime::tenth ? amount_ * (kMinuteNs / 6) : amount_ * kMinuteNs;
}

void Ledger::advance(Instant now) {
  const Wide level = level_ + static_cast<Wide>((now - as_of_).count()) * amount_;
  level_ = static_cast<std::int64_t>(std::min<Wide>(level, capacity()));
  const std::int64_t slices = slice_of(now) - slice_of(as_of_);
  in_slice_ = static_cast<std::int64_t>(std::max<Wide>(in_slice_ - static_cast<Wide>(slices) * amount_, 0));
  while (!minute_.empty() && minute_.front().first + 1min <= now) {
    in_minute_ -= minute_.front().second;
    minute_.pop_front();
  }
  as_of_ = now;
}

bool Ledger::admits(std::int64_t units, Instant now) { return until_admits(units, now) == Duration::zero(); }

void Ledger::count(std::int64_t units, Instant now) {
  advance(now);
  level_ -= units * kMinuteNs;
  in_slice_ += units * kSlices;
  in_minute_ += units;
  minute_.emplace_back(now, units);
}

Duration Ledger::until_admits(std::int64_t units, Instant now) {
  advance(now);
  switch (regime_) {
    case Regime::none:
      return Duration::zero();
    case Regime::minute:
    case Regime::tenth: {
      const std::int64_t missing = units * kMinuteNs - level_;
      return missing <= 0 ? Duration::zero() : Duration((missing + amount_ - 1) / amount_);
    }
    case Regime::rolling: {
      std::int64_t excess = in_minute_ + units - amount_;
      if (excess <= 0) return Duration::zero();
      for (const auto& [at, counted] : minute_)
        if ((excess -= counted) <= 0) return at + 1min - now;
      return 1min;
    }
    case Regime::slices: {
      const std::int64_t full = in_slice_ / amount_;  // this one, and those that the carry fills
      return full == 0 ? Duration::zero() : Instant((slice_of(now) + full) * Duration(1s)) - now;
    }
  }
  return Duration::zero();
}

std::int64_t Ledger::remaining(Instant now) {
  advance(now);
  const bool bucket = regime_ == Regime::minute || regime_ == Regime::tenth;
  // Of slices a provider says nothing: its headers speak of the minute.
  return std::max<std::int64_t>(bucket ? level_ / kMinuteNs : amount_ - in_minute_, 0);
}

Duration Ledger::until_full(Instant now) {
  advance(now);
  if (regime_ == Regime::minute || regime_ == Regime::tenth)
    return Duration((capacity() - level_ + amount_ - 1) / amount_);
  return minute_.empty() ? Duration::zero() : minute_.back().first + 1min - now;
}

double Ledger::allowed(Regime regime, std::int64_t amount, const Span& span) {
  const double minutes = std::chrono::duration<double, std::ratio<60>>(span.length()).count();
  const auto per_minute = static_cast<double>(amount);
  if (!span.after_idling) return per_minute * minutes;
  const double saved = regime == Regime::tenth ? 1.0 / 6 : regime == Regime::slices ? 1.0 / 60 : 1.0;
  return per_minute * std::min(std::ceil(minutes), minutes + saved);
}

}  // namespace bench::replay
