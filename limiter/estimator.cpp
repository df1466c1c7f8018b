#include "limiter/estimator.h"

#include <algorithm>
#include <cmath>

namespace weir {
namespace {

constexpr std::size_t kKindsMax = 10'000;
// The newest of about 64 calls weighs as much as all before.
constexpr double kNewest = 1.0 / 64;
constexpr std::int64_t kFewest = 5;
// Of one call, three deviations; of many, two and a half of their sum: measured by bench-limiter-replay.
constexpr double kOfMany = 2.5, kOfOne = 0.5, kDoubt = 16;
// However long or short a call was held: it weighs at most ten times as much as the usual one, and at least a tenth.
constexpr double kWeightMost = 10;
// A ratio beyond this says that something else than the prompt is counted; it is neither followed nor learned.
constexpr double kLowestRatio = 0.2, kHighestRatio = 4;

}  // namespace

void Estimator::Moments::add(double value, double held) {
  ++seen;
  // At first every call weighs alike, then the newest the same for ever.
  const double newest = std::max(kNewest, 1.0 / static_cast<double>(seen));
  mean_held += newest * (held - mean_held);
  const double longer = mean_held > 0 ? std::clamp(held / mean_held, 1 / kWeightMost, kWeightMost) : 1;
  const double weight = std::min(newest * longer, 1.0);
  const double delta = value - mean;
  mean += weight * delta;
  variance = (1 - weight) * (variance + weight * delta * delta);
}

double Estimator::Moments::high(int in_flight) const {
  const double doubt = kDoubt / static_cast<double>(seen);
  // Even answers that were all alike so far leave an eighth of doubt, which fades.
  const double deviation = std::max(std::sqrt(variance), mean / 8 / std::sqrt(static_cast<double>(seen)));
  const double calls = std::max(in_flight, 1);
  return mean + (kOfMany / std::sqrt(calls) + kOfOne / calls + doubt) * deviation;
}

std::int64_t Estimator::input(std::uint64_t model, std::int64_t counted, int in_flight) const {
  const auto known = inputs_.find(model);
  if (known == inputs_.end() || known->second.seen < kFewest) return counted;
  const double ratio = std::min(known->second.high(in_flight), kHighestRatio);
  return std::max<std::int64_t>(1, static_cast<std::int64_t>(std::ceil(static_cast<double>(counted) * ratio)));
}

std::int64_t Estimator::output(std::uint64_t kind, std::int64_t ceiling, int in_flight) const {
  const auto known = outputs_.find(kind);
  if (known == outputs_.end() || known->second.seen < kFewest) return ceiling;
  const double high = std::ceil(known->second.high(in_flight));
  return high >= static_cast<double>(ceiling) ? ceiling : std::max<std::int64_t>(1, static_cast<std::int64_t>(high));
}

std::int64_t Estimator::output_beyond(std::uint64_t kind, std::int64_t seen, std::int64_t ceiling,
                                      int in_flight) const {
  const std::int64_t reserved = output(kind, ceiling, in_flight);
  if (seen <= reserved) return reserved;
  // Who lives longer than expected: heavy tails say, half as long again.
  return std::min(ceiling, seen + seen / 2);
}

void Estimator::learn_input(std::uint64_t model, std::int64_t counted, std::int64_t actual) {
  if (counted <= 0 || actual <= 0 || (inputs_.size() >= kKindsMax && !inputs_.contains(model))) return;
  const double ratio = static_cast<double>(actual) / static_cast<double>(counted);
  inputs_[model].add(std::clamp(ratio, kLowestRatio, kHighestRatio), 1);
}

void Estimator::learn_output(std::uint64_t kind, std::int64_t actual, Duration held) {
  if (actual < 0 || (outputs_.size() >= kKindsMax && !outputs_.contains(kind))) return;
  outputs_[kind].add(static_cast<double>(actual), std::chrono::duration<double>(held).count());
}

}  // namespace weir
