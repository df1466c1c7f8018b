// What calls are likely to take, learned from what they took: how many tokens the provider counts of a prompt, and how
// long the answers of one kind of call are. Invariant: never more than the ceiling, never less than one token; the
// ceiling until enough calls were seen. Shape:   input by model: the provider's count over ours, as a high ratio.
// Output by kind, a number that stands for
//          (model, profile, tool, schema): the mean and three deviations of it, and more while few were seen, because
//          calls in flight are longer than those that ended. At most 10,000 kinds are kept; what is beyond them is not
//          learned.
// Units:   tokens.
// Errors:  none.
// Threads: the loop's thread.
// Source:  exponentially weighted mean and variance (Welford, West); LIMITS §5.
#pragma once

#include <cstdint>
#include <unordered_map>

namespace weir {

class Estimator {
 public:
  // `counted`: by us, conservatively.
  std::int64_t input(std::uint64_t model, std::int64_t counted) const;
  std::int64_t output(std::uint64_t kind, std::int64_t ceiling) const;
  // What a call that has produced `seen` tokens will have produced in the end: for topping up what is reserved.
  std::int64_t output_beyond(std::uint64_t kind, std::int64_t seen, std::int64_t ceiling) const;

  // What the provider counted.
  void learn_input(std::uint64_t model, std::int64_t counted, std::int64_t actual);
  void learn_output(std::uint64_t kind, std::int64_t actual);

 private:
  struct Moments {
    double mean = 0, variance = 0;
    std::int64_t seen = 0;
    void add(double value);
    double high() const;  // the mean, three deviations, and what few samples do not know
  };
  std::unordered_map<std::uint64_t, Moments> inputs_, outputs_;
};

}  // namespace weir
