// What is asked of a limiter, and when: the workload that LIMITS marks (m). The size of a call follows from the seed,
// the caller and its number alone, so every limiter is asked for the same work in whatever order it lets it through.
// Shape:   256 callers; input lognormal with a mean of 800 tokens, output lognormal with a heavy tail, a mean of 290
// and
//          a cap of 1,024. The input's bytes are four a token, give or take a tenth.
// Units:   tokens, bytes, nanoseconds.
// Threads: values.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "limiter/loop.h"

namespace bench::replay {

using weir::Duration;
using weir::Instant;

constexpr std::int64_t kTokensPerMinute = 200'000, kRequestsPerMinute = 10'000;
constexpr std::int64_t kOutputCap = 1'024;
constexpr Instant kStart{std::chrono::hours(1)};  // where a fake loop begins; a whole minute

// SplitMix64: the same numbers on every machine, unlike the distributions of <random>.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next();
  double uniform();  // in (0, 1)
  double normal();
  Duration between(Duration low, Duration high);

 private:
  std::uint64_t state_;
};

struct Call {
  int caller = 0;
  std::uint64_t number = 0;  // of this caller's calls
  std::int64_t input_bytes = 0, input_tokens = 0, output_tokens = 0;
  Instant asked{};  // for the first time
  std::int64_t actual() const { return input_tokens + output_tokens; }
};

enum class Scenario {
  steady,   // everybody asks all the time
  edge,     // everybody, but only for 20 s around every second minute's edge
  spike,    // five minutes nobody, then two minutes everybody, over and over
  foreign,  // as steady, while another program on the same account takes 30 % of the limit in bursts
};
std::string_view name_of(Scenario scenario);

struct Span {
  Instant from, until;
  bool after_idling = false;
  Duration length() const { return until - from; }
};

struct Workload {
  std::uint64_t seed = 1;
  Scenario scenario = Scenario::steady;
  Duration length = std::chrono::minutes(20);
  int callers = 256;

  Call draw(int caller, std::uint64_t number) const;
  // When there is demand; in order, apart from each other.
  std::vector<Span> demand() const;
  // The part of it that is judged: without the first two minutes, or the first of several spans.
  std::vector<Span> judged() const;
};

}  // namespace bench::replay
