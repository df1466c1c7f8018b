#include "limiter/store_memory.h"

namespace weir {

BucketId MemoryStore::open(const std::string& group, const Limit& limit) {
  const auto [found, is_new] = by_name_.try_emplace(group + '\0' + limit.name, static_cast<BucketId>(rows_.size()));
  if (is_new) rows_.push_back({limit, Meter(limit)});
  return found->second;
}

void MemoryStore::change(BucketId bucket, const Limit& to, Instant now) {
  Row& row = rows_[bucket];
  row.meter.change(row.limit, to, now);
  row.limit = to;
}

std::int64_t MemoryStore::taken(BucketId bucket, Instant now) const {
  return rows_[bucket].meter.taken(rows_[bucket].limit, now);
}

std::optional<Shortfall> MemoryStore::take(std::span<const Charge> charges, Instant now) {
  std::optional<Shortfall> worst;
  for (const Charge& charge : charges) {
    const Row& row = rows_[charge.bucket];
    if (charge.units == 0) continue;
    if (!row.meter.fits(row.limit, charge.units)) return Shortfall{charge.bucket, std::nullopt};
    const Instant ready = row.meter.ready_at(row.limit, charge.units, now);
    if (ready > now && (!worst || ready > *worst->ready_at)) worst = Shortfall{charge.bucket, ready};
  }
  if (worst) return worst;
  for (const Charge& charge : charges) {
    if (charge.units == 0) continue;
    Row& row = rows_[charge.bucket];
    row.meter.take(row.limit, charge.units, now);
  }
  return std::nullopt;
}

void MemoryStore::settle(const Charge& charged, std::int64_t actual, Instant at, Instant now) {
  Row& row = rows_[charged.bucket];
  row.meter.settle(row.limit, charged.units, actual, at, now);
}

void MemoryStore::tighten(BucketId bucket, std::int64_t most, Instant now) {
  rows_[bucket].meter.tighten(rows_[bucket].limit, most, now);
}

void MemoryStore::turn(BucketId bucket, std::int64_t day, Instant ends, Instant now) {
  rows_[bucket].meter.turn(day, ends, now);
}

std::int64_t MemoryStore::level(BucketId bucket, Instant now) const {
  return rows_[bucket].meter.level(rows_[bucket].limit, now);
}

Instant MemoryStore::ready_at(BucketId bucket, std::int64_t units, Instant now, std::int64_t ahead) const {
  return rows_[bucket].meter.ready_at(rows_[bucket].limit, units, now, ahead);
}

}  // namespace weir
