// What calls are likely to take, learned from what they took: how many tokens the provider counts of a prompt, and
// how long the answers of one kind of call are.
// Invariant: never more than the ceiling, never less than one token; the ceiling until enough calls were seen.
// Shape:   input by model: the provider's count over ours. Output by kind, a number that stands for (model, profile,
//          tool, schema). Both as a mean and deviations of it: three for a single call; with n in flight 2.5/sqrt(n)
//          each, because what is reserved must cover the sum of them all, whose errors cancel out; more while few were
//          seen. The mean is that of the calls in flight at any moment, which are longer than those that end: each
//          weighs by how long it was held. At most 10,000 kinds are kept; what is beyond them is not learned.
// Units:   tokens; `in_flight` and `held` are of calls of the same group.
// Errors:  none.
// Threads: the loop's thread.
// Source:  exponentially weighted mean and variance (Welford, West); LIMITS §5.
#pragma once

#include <cstdint>
#include <unordered_map>

#include "limiter/loop.h"

namespace weir {

class Estimator {
 public:
  // `counted`: by us, conservatively.
  std::int64_t input(std::uint64_t model, std::int64_t counted, int in_flight = 1) const;
  std::int64_t output(std::uint64_t kind, std::int64_t ceiling, int in_flight = 1) const;
  // What a call that has produced `seen` tokens will have produced in the end: for topping up what is reserved.
  std::int64_t output_beyond(std::uint64_t kind, std::int64_t seen, std::int64_t ceiling, int in_flight = 1) const;

  // What the provider counted.
  void learn_input(std::uint64_t model, std::int64_t counted, std::int64_t actual);
  void learn_output(std::uint64_t kind, std::int64_t actual, Duration held = std::chrono::seconds(1));

 private:
  struct Moments {
    double mean = 0, variance = 0, mean_held = 0;
    std::int64_t seen = 0;
    void add(double value, double held);
    double high(int in_flight) const;
  };
  std::unordered_map<std::uint64_t, Moments> inputs_, outputs_;
};

}  // namespace weir
