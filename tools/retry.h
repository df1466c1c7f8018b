// Retrying, as LIMITS §7 has it: attempts and elapsed time are bounded per request; waits grow exponentially with full jitter;
// the provider's Retry-After is a floor; and a budget per limit group keeps an outage from being multiplied.
// Units:   nanoseconds; the budget counts retries.
// Threads: the loop's thread.
#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <unordered_map>

#include "limiter/gate.h"
#include "limiter/loop.h"

namespace weir {

struct RetryPolicy {
  int max_attempts = 4;                            // requests in all, the first included
  Duration time = std::chrono::seconds(180);       // from the first attempt's start to the last one's
  Duration first_wait = std::chrono::milliseconds(500);
  Duration longest_wait = std::chrono::seconds(60);
};

// When to try again after `attempts` failed ones: an instant, or nothing when a bound is reached.
std::optional<Instant> next_attempt(const RetryPolicy& policy, int attempts, Instant started, Instant now,
                                    std::optional<Duration> retry_after, std::mt19937_64& random);

// A retry costs one token, a success earns a tenth, at most 10 are kept: in an outage retries stay near a tenth of the traffic.
class RetryBudgets {
 public:
  bool spend(GroupId group);   // false: none left, do not retry
  void earn(GroupId group);

 private:
  std::unordered_map<GroupId, std::int64_t> tenths_;
};

}  // namespace weir
