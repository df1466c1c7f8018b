// The store of one process: a vector of meters. See store.h.
#pragma once

#include <unordered_map>
#include <vector>

#include "limiter/meter.h"
#include "limiter/store.h"

namespace weir {

class MemoryStore final : public Store {
 public:
  BucketId open(const std::string& group, const Limit& limit) override;
  const Limit& limit(BucketId bucket) const override { return rows_[bucket].limit; }
  void change(BucketId bucket, const Limit& to, Instant now) override;
  void renew(BucketId bucket, const Limit& to) override { rows_[bucket] = {to, Meter(to)}; }
  std::int64_t taken(BucketId bucket, Instant now) const override;
  std::optional<Shortfall> take(std::span<const Charge> charges, Instant now) override;
  void settle(const Charge& charged, std::int64_t actual, Instant at, Instant now) override;
  void tighten(BucketId bucket, std::int64_t most, Instant now) override;
  void turn(BucketId bucket, std::int64_t day, Instant ends, Instant now) override;
  std::int64_t level(BucketId bucket, Instant now) const override;
  Instant ready_at(BucketId bucket, std::int64_t units, Instant now, std::int64_t ahead) const override;

 private:
  struct Row {
    Limit limit;
    Meter meter;
  };
  std::vector<Row> rows_;
  std::unordered_map<std::string, BucketId> by_name_;  // group + '\0' + limit name
};

}  // namespace weir
