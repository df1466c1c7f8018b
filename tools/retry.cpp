#include "tools/retry.h"

#include <algorithm>

namespace weir {
namespace {

constexpr std::int64_t kRetryTenths = 10;   // what a retry costs
constexpr std::int64_t kSuccessTenths = 1;  // what a success earns
constexpr std::int64_t kMostTenths = 10 * kRetryTenths;

// first_wait, twice that, four times…, at most longest_wait.
Duration backoff(const RetryPolicy& policy, int attempts) {
  Duration wait = std::min(policy.first_wait, policy.longest_wait);
  for (int i = 1; i < attempts && wait < policy.longest_wait; ++i) wait = std::min(wait * 2, policy.longest_wait);
  return std::max(wait, Duration::zero());
}

}  // namespace

std::optional<Instant> next_attempt(const RetryPolicy& policy, int attempts, Instant started, Instant now,
                                    std::optional<Duration> retry_after, std::mt19937_64& random) {
  if (attempts >= policy.max_attempts) return std::nullopt;
  // Full jitter: anywhere between nothing and the backoff, so that those who failed together do not come back together.
  std::uniform_int_distribution<Duration::rep> jitter(0, backoff(policy, attempts).count());
  const Duration wait = std::max(Duration(jitter(random)), retry_after.value_or(Duration::zero()));
  const Duration left = policy.time - (now - started);
  if (wait > left) return std::nullopt;
  return now + wait;
}

bool RetryBudgets::spend(GroupId group) {
  std::int64_t& tenths = tenths_.try_emplace(group, kMostTenths).first->second;
  if (tenths < kRetryTenths) return false;
  tenths -= kRetryTenths;
  return true;
}

void RetryBudgets::earn(GroupId group) {
  std::int64_t& tenths = tenths_.try_emplace(group, kMostTenths).first->second;
  tenths = std::min(tenths + kSuccessTenths, kMostTenths);
}

}  // namespace weir
