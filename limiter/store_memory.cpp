#include "limiter/store_memory.h"

#include "config/invariant.h"

namespace weir {

BucketId MemoryStore::open(const std::string& group, const Limit& limit) {
  const auto [found, is_new] = by_name_.try_emplace(group + '\0' + limit.name, static_cast<BucketId>(rows_.size()));
  if (is_new)
    rows_.push_back({limit, Bucket{}});
  else
    rows_[found->second].limit = limit;
  return found->second;
}

std::optional<Shortfall> MemoryStore::take(std::span<const Charge> charges, Instant now) {
  std::optional<Shortfall> worst;
  for (const Charge& charge : charges) {
    const Row& row = rows_[charge.bucket];
    if (!row.bucket.fits(row.limit, charge.units)) return Shortfall{charge.bucket, std::nullopt};
    const Instant ready = row.bucket.ready_at(row.limit, charge.units, now);
    if (ready > now && (!worst || ready > *worst->ready_at)) worst = Shortfall{charge.bucket, ready};
  }
  if (worst) return worst;
  for (const Charge& charge : charges) {
    Row& row = rows_[charge.bucket];
    const bool taken = row.bucket.take(row.limit, charge.units, now);
    INVARIANT(taken, "limit {}: {} units were ready and could not be taken", row.limit.name, charge.units);
  }
  return std::nullopt;
}

void MemoryStore::settle(const Charge& charged, std::int64_t actual, Instant now) {
  Row& row = rows_[charged.bucket];
  row.bucket.settle(row.limit, charged.units, actual, now);
}

std::int64_t MemoryStore::level(BucketId bucket, Instant now) const {
  const Row& row = rows_[bucket];
  return row.bucket.level(row.limit, now);
}

}  // namespace weir
