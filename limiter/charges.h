// What one call takes: a charge for each limit of its group, then of its client, then of the client's parent. A small
// array on the spot, so that an admission allocates nothing.
// Threads: a value.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "config/invariant.h"
#include "limiter/gate.h"

namespace weir {

class Charges {
 public:
  void add(BucketId bucket, std::int64_t units) {
    INVARIANT(size_ < items_.size(), "{} charges", size_);
    items_[size_++] = {bucket, units};
  }
  std::size_t size() const { return size_; }
  const Charge& operator[](std::size_t i) const { return items_[i]; }
  std::span<const Charge> all() const { return {items_.data(), size_}; }

 private:
  std::array<Charge, 3 * kLimitsMax> items_{};
  std::size_t size_ = 0;
};

}  // namespace weir
