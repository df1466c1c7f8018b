// The days of calendar limits: when each zone's day ends, told to the buckets that live by it.
// Invariant: a bucket's day ends when the zone's calendar says so, whatever the monotonic clock did meanwhile (a clock
//            that was set, a machine that slept).
// Threads: the loop's thread. The store outlives it.
#pragma once

#include <map>
#include <set>
#include <string>

#include "limiter/store.h"

namespace weir {

class Calendar {
 public:
  explicit Calendar(Store& store) : store_(store) {}
  bool empty() const { return days_.empty(); }
  void add(BucketId bucket, const std::string& zone, Instant now, WallTime wall);
  void remove(BucketId bucket);
  // Begins the days that have begun. Cheap when none has.
  void turn(Instant now, WallTime wall);

 private:
  struct Day {
    WallTime ends{};
    Instant ends_at{};
    std::int64_t number = 0;
    std::set<BucketId> buckets{};
  };
  void tell(const Day& day, BucketId bucket, Instant now) { store_.turn(bucket, day.number, day.ends_at, now); }

  Store& store_;
  std::map<std::string, Day> days_;  // by zone
};

}  // namespace weir
