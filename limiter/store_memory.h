// The store of one process: a vector of buckets. See store.h.
#pragma once

#include <unordered_map>
#include <vector>

#include "limiter/bucket.h"
#include "limiter/store.h"

namespace weir {

class MemoryStore final : public Store {
 public:
  BucketId open(const std::string& group, const Limit& limit) override;
  const Limit& limit(BucketId bucket) const override { return rows_[bucket].limit; }
  std::optional<Shortfall> take(std::span<const Charge> charges, Instant now) override;
  void settle(const Charge& charged, std::int64_t actual, Instant now) override;
  std::int64_t level(BucketId bucket, Instant now) const override;
  Instant full_at(BucketId bucket) const override { return rows_[bucket].bucket.full_at(); }

 private:
  struct Row {
    Limit limit;
    Bucket bucket;
  };
  std::vector<Row> rows_;
  std::unordered_map<std::string, BucketId> by_name_;  // group + '\0' + limit name
};

}  // namespace weir
