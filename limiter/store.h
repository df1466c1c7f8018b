// A Store keeps the buckets of all limit groups. It takes all charges of a call or none; a refusal names the bucket
// that stands longest in the way, and its exact wait.
// Shape:   buckets are opened once, by (group, limit), and named by a small number from then on. Opening the same
//          group and limit name again gives the same bucket, as it is. A group is an account and a model, not an alias.
// Units:   as the limit says; `now` is the loop's.
// Errors:  none in memory.
// Threads: the loop's thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "limiter/limit.h"

namespace weir {

using BucketId = std::uint32_t;

struct Charge {
  BucketId bucket = 0;
  std::int64_t units = 0;  // >= 0
  bool operator==(const Charge&) const = default;
};

// What stands in the way. `ready_at` is when this very set of charges would be taken, if nothing else changes.
struct Shortfall {
  BucketId bucket = 0;
  std::optional<Instant> ready_at;  // absent: larger than the burst, never
  bool operator==(const Shortfall&) const = default;
};

class Store {
 public:
  virtual ~Store() = default;
  virtual BucketId open(const std::string& group, const Limit& limit) = 0;
  virtual const Limit& limit(BucketId bucket) const = 0;
  // The bucket goes on under another amount or burst, with what has been taken of it.
  virtual void change(BucketId bucket, const Limit& to, Instant now) = 0;
  // The bucket begins anew, full, as another limit.
  virtual void renew(BucketId bucket, const Limit& to) = 0;
  // What has been taken and has not flowed back.
  virtual std::int64_t taken(BucketId bucket, Instant now) const = 0;
  // Nothing, if all were taken; else what stands in the way, and nothing was taken.
  virtual std::optional<Shortfall> take(std::span<const Charge> charges, Instant now) = 0;
  // Replaces a charge that was taken at the instant `at` by the actual number of units.
  virtual void settle(const Charge& charged, std::int64_t actual, Instant at, Instant now) = 0;
  // Lowers the level, if it is higher.
  virtual void tighten(BucketId bucket, std::int64_t most, Instant now) = 0;
  // A calendar limit's day: its number, and when it ends. Others ignore it.
  virtual void turn(BucketId bucket, std::int64_t day, Instant ends, Instant now) = 0;
  virtual std::int64_t level(BucketId bucket, Instant now) const = 0;
  // When these units could be taken, if `ahead` units are taken before as soon as they can be, and nothing else
  // changes.
  virtual Instant ready_at(BucketId bucket, std::int64_t units, Instant now, std::int64_t ahead) const = 0;
};

}  // namespace weir
