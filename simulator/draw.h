// Chance that a seed decides: the same seed and the same key give the same draws on every machine.
// Threads: values.
#pragma once

#include <cstdint>
#include <string_view>

namespace simulator {

std::uint64_t hash_of(std::string_view bytes, std::uint64_t start = 0);

struct Range {  // both ends included
  std::int64_t low = 0;
  std::int64_t high = 0;
  friend bool operator==(const Range&, const Range&) = default;
};

class Draw {  // splitmix64
 public:
  Draw(std::uint64_t seed, std::uint64_t key);

  std::uint64_t bits();
  double unit();                           // [0, 1)
  std::int64_t uniform(Range range);       // every value equally likely
  std::int64_t heavy_tailed(Range range);  // log-normal, cut at the ends: most draws small, few large

 private:
  std::uint64_t state_;
};

}  // namespace simulator
