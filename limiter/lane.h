// A lane: those of one limit group who wait for admission, in order, and those who were refused and told when to come
// back. What it predicts is exact as far as buckets go: each of them in turn, at the first instant at which all its
// buckets can pay.
// Invariant: the queue is ordered by `id`, which is given at first asking. Who comes back when told has its old place,
//           before those who came later, and is not turned away by the queue's bounds: so a wait that was named holds.
// Shape:   a promise is remembered under `caller`, the number by which a call asked again is known; 0 is never
//          remembered.
// Units:   nanoseconds, tokens or requests as the limits say.
// Threads: the loop's thread.
// Owner:   the gate. The store outlives it.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <optional>
#include <vector>

#include "limiter/bucket.h"
#include "limiter/gate.h"

namespace weir {

using WaiterId = std::uint64_t;  // also the order of arrival

struct Waiter {
  WaiterId id = 0;
  Estimate estimate;
  std::vector<Charge> charges;
  std::int64_t bytes = 0;
  std::uint64_t caller = 0;
  Instant arrived, deadline;
  std::function<void(Admission)> done;
};

// Someone was told to come back at `due`.
struct Promise {
  WaiterId id = 0;
  std::uint64_t caller = 0;
  std::vector<Charge> charges;
  Instant due, expires;
};

// When a call would be admitted, were slots no obstacle; and which limit it would wait for last.
struct Prediction {
  Instant at;
  std::optional<std::size_t> limit;
};

class Lane {
 public:
  Lane(GroupOptions options, Store& store);

  const GroupOptions& options() const { return options_; }
  const std::vector<BucketId>& buckets() const { return buckets_; }
  std::list<Waiter>& queue() { return queue_; }
  const std::list<Waiter>& queue() const { return queue_; }
  std::int64_t bytes_waiting() const { return bytes_waiting_; }
  bool has_slot() const { return !options_.slots || slots_taken < *options_.slots; }

  std::vector<Charge> charges(const Estimate& estimate) const;
  // For one more call, after all who wait and all who were told to come back.
  Prediction predict(const std::vector<Charge>& charges, Instant now);
  // For a call that has its place already: after those before it.
  Prediction predict_at(WaiterId place, const std::vector<Charge>& charges, Instant now) const;

  std::list<Waiter>::iterator insert(Waiter waiter);
  Waiter remove(std::list<Waiter>::iterator waiter);
  // Remembers at most `promises_max`; what is more is not remembered.
  void promise(Promise promise, std::size_t promises_max, Instant now);
  // The promise that was made to this caller, if it has not lapsed; it is forgotten.
  std::optional<Promise> redeem(std::uint64_t caller, Instant now);
  std::size_t promises() const { return promises_.size(); }

  // What the buckets hold has changed other than by time.
  void buckets_changed() { tail_valid_ = false; }

  int slots_taken = 0;

 private:
  struct Future {  // the buckets as they will be
    std::vector<Bucket> buckets;
    Instant at;
  };
  Future future_before(WaiterId place, Instant now) const;
  Prediction pass(Future& future, const std::vector<Charge>& charges) const;
  void forget_lapsed(Instant now);

  GroupOptions options_;
  Store& store_;
  std::vector<BucketId> buckets_;  // beside options_.limits
  std::list<Waiter> queue_;
  std::list<Promise> promises_;  // by id
  std::int64_t bytes_waiting_ = 0;
  Future tail_;  // after everyone; rebuilt when it is not valid
  bool tail_valid_ = false;
};

}  // namespace weir
