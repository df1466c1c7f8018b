#include "bench/replay/judge.h"

#include <algorithm>
#include <cmath>

namespace bench::replay {
namespace {

using namespace std::chrono_literals;
using Units = std::vector<std::pair<Instant, std::int64_t>>;

bool within(const std::vector<Span>& spans, Instant at) {
  return std::any_of(spans.begin(), spans.end(), [at](const Span& span) { return at >= span.from && at < span.until; });
}

std::int64_t sum_within(const std::vector<Span>& spans, const Units& units) {
  std::int64_t sum = 0;
  for (const auto& [at, amount] : units)
    if (within(spans, at)) sum += amount;
  return sum;
}

double quantile(std::vector<double> samples, double share) {
  if (samples.empty()) return 0;
  const auto at = static_cast<std::ptrdiff_t>(std::ceil(share * static_cast<double>(samples.size() - 1)));
  std::nth_element(samples.begin(), samples.begin() + at, samples.end());
  return samples[static_cast<std::size_t>(at)];
}

}  // namespace

std::int64_t largest_sum(Units units, Duration span) {
  std::sort(units.begin(), units.end());
  std::int64_t sum = 0, largest = 0;
  auto oldest = units.begin();
  for (const auto& [at, amount] : units) {
    sum += amount;
    for (; oldest->first + span <= at; ++oldest) sum -= oldest->second;
    largest = std::max(largest, sum);
  }
  return largest;
}

void Judge::admitted(const Call& call, Instant sent) {
  used_.emplace_back(sent, call.actual());
  waits_s_.push_back(std::chrono::duration<double>(sent - call.asked).count());
}

Score Judge::score(const Workload& workload, Regime regime) const {
  const std::vector<Span> spans = workload.judged();
  double allowed = 0;
  for (const Span& span : spans) allowed += Ledger::allowed(regime, kTokensPerMinute, span);
  const auto share = [allowed](std::int64_t sum) { return allowed > 0 ? static_cast<double>(sum) / allowed : 0; };

  Score score;
  score.worst = static_cast<double>(largest_sum(used_, 1min)) / kTokensPerMinute;
  score.worst_second = static_cast<double>(largest_sum(used_, 1s)) / (kTokensPerMinute / 60.0);
  score.used = share(sum_within(spans, used_));
  score.counted = share(sum_within(spans, counted_));
  score.refused = std::count_if(refused_.begin(), refused_.end(), [&](Instant at) { return within(spans, at); });
  score.refused_total = static_cast<std::int64_t>(refused_.size());
  score.wait_p50_s = quantile(waits_s_, 0.5);
  score.wait_p99_s = quantile(waits_s_, 0.99);
  score.done = done_;
  return score;
}

}  // namespace bench::replay
