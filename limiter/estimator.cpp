#include "limiter/estimator.h"

#include <algorithm>
#include <cmath>

namespace weir {
namespace {

constexpr std::size_t kKindsMax = 10'000;
// The newest of about 64 calls weighs as much as all before.
constexpr double kNewest = 1.0 / 64;
constexpr std::int64_t kFewest = 5;
constexpr double kDeviations = 3, kDoubt = 16;
// A ratio beyond this says that something else than the prompt is counted; it is neither followed nor learned.
constexpr double kLowestRatio = 0.2, kHighestRatio = 4;

}  // namespace

void Estimator::Moments::add(double value) {
  ++seen;
  // At first every call weighs alike, then the newest the same for ever.
  const double weight = std::max(kNewest, 1.0 / static_cast<double>(seen));
  const double delta = value - mean;
  mean += weight * delta;
  variance = (1 - weight) * (variance + weight * delta * delta);
}

double Estimator::Moments::high() const {
  const double doubt = kDoubt / static_cast<double>(seen);
  // Even answers that were all alike so far leave an eighth of doubt, which fades.
  const double deviation = std::max(std::sqrt(variance), mean / 8 / std::sqrt(static_cast<double>(seen)));
  return mean + (kDeviations + doubt) * deviation;
}

std::int64_t Estimator::input(std::uint64_t model, std::int64_t counted) const {
  const auto known = inputs_.find(model);
  if (known == inputs_.end() || known->second.seen < kFewest) return counted;
  const double ratio = std::min(known->second.high(), kHighestRatio);
  return std::max<std::int64_t>(1, static_cast<std::int64_t>(std::ceil(static_cast<double>(counted) * ratio)));
}

std::int64_t Estimator::output(std::uint64_t kind, std::int64_t ceiling) const {
  const auto known = outputs_.find(kind);
  if (known == outputs_.end() || known->second.seen < kFewest) return ceiling;
  const double high = std::ceil(known->second.high());
  return high >= static_cast<double>(ceiling) ? ceiling : std::max<std::int64_t>(1, static_cast<std::int64_t>(high));
}

std::int64_t Estimator::output_beyond(std::uint64_t kind, std::int64_t seen, std::int64_t ceiling) const {
  const std::int64_t reserved = output(kind, ceiling);
  if (seen <= reserved) return reserved;
  // Who lives longer than expected: heavy tails say, half as long again.
  return std::min(ceiling, seen + seen / 2);
}

void Estimator::learn_input(std::uint64_t model, std::int64_t counted, std::int64_t actual) {
  if (counted <= 0 || actual <= 0 || (inputs_.size() >= kKindsMax && !inputs_.contains(model))) return;
  const double ratio = static_cast<double>(actual) / static_cast<double>(counted);
  inputs_[model].add(std::clamp(ratio, kLowestRatio, kHighestRatio));
}

void Estimator::learn_output(std::uint64_t kind, std::int64_t actual) {
  if (actual < 0 || (outputs_.size() >= kKindsMax && !outputs_.contains(kind))) return;
  outputs_[kind].add(static_cast<double>(actual));
}

}  // namespace weir
