#include "limiter/lane.h"

#include <algorithm>
#include <limits>

#include "config/invariant.h"

namespace weir {

Lane::Lane(GroupOptions options, Store& store) : options_(std::move(options)), store_(store) {
  for (const Limit& limit : options_.limits) buckets_.push_back(store_.open(options_.key, limit));
}

std::vector<Charge> Lane::charges(const Estimate& estimate) const {
  std::vector<Charge> result;
  result.reserve(buckets_.size());
  for (std::size_t i = 0; i < buckets_.size(); ++i)
    result.push_back({buckets_[i], reserved_units(options_.limits[i].unit, estimate)});
  return result;
}

Prediction Lane::pass(Future& future, const std::vector<Charge>& charges) const {
  Prediction prediction{future.at, std::nullopt};
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    const Instant ready = future.buckets[i].ready_at(options_.limits[i], charges[i].units, future.at);
    if (ready > prediction.at) prediction = {ready, i};
  }
  for (std::size_t i = 0; i < buckets_.size(); ++i)
    future.buckets[i].take(options_.limits[i], charges[i].units, prediction.at);
  future.at = prediction.at;
  return prediction;
}

Lane::Future Lane::future_before(WaiterId place, Instant now) const {
  Future future{{}, now};
  for (const BucketId bucket : buckets_) future.buckets.emplace_back(store_.full_at(bucket));
  // Both lists are in order: merged.
  auto promise = promises_.begin();
  for (const Waiter& waiter : queue_) {
    if (waiter.id >= place) break;
    for (; promise != promises_.end() && promise->id < waiter.id; ++promise)
      if (promise->expires > now) pass(future, promise->charges);
    pass(future, waiter.charges);
  }
  for (; promise != promises_.end() && promise->id < place; ++promise)
    if (promise->expires > now) pass(future, promise->charges);
  return future;
}

Prediction Lane::predict(const std::vector<Charge>& charges, Instant now) {
  if (buckets_.empty()) return {now, std::nullopt};
  forget_lapsed(now);
  if (!tail_valid_) {
    tail_ = future_before(std::numeric_limits<WaiterId>::max(), now);
    tail_valid_ = true;
  }
  tail_.at = std::max(tail_.at, now);  // who should have gone by now waits for a slot
  Future future = tail_;
  return pass(future, charges);
}

Prediction Lane::predict_at(WaiterId place, const std::vector<Charge>& charges, Instant now) const {
  Future future = future_before(place, now);
  return pass(future, charges);
}

std::list<Waiter>::iterator Lane::insert(Waiter waiter) {
  bytes_waiting_ += waiter.bytes;
  // Almost always the last.
  auto after = queue_.end();
  while (after != queue_.begin() && std::prev(after)->id > waiter.id) --after;
  if (after == queue_.end() && tail_valid_ && (promises_.empty() || promises_.back().id < waiter.id)) {
    tail_.at = std::max(tail_.at, waiter.arrived);
    pass(tail_, waiter.charges);
  } else {
    tail_valid_ = false;
  }
  return queue_.insert(after, std::move(waiter));
}

Waiter Lane::remove(std::list<Waiter>::iterator it) {
  Waiter waiter = std::move(*it);
  queue_.erase(it);
  tail_valid_ = false;
  bytes_waiting_ -= waiter.bytes;
  INVARIANT(bytes_waiting_ >= 0, "bytes_waiting {}", bytes_waiting_);
  return waiter;
}

void Lane::promise(Promise promise, std::size_t promises_max, Instant now) {
  if (promise.caller == 0) return;
  forget_lapsed(now);
  if (promises_.size() >= promises_max) return;
  auto after = promises_.end();
  while (after != promises_.begin() && std::prev(after)->id > promise.id) --after;
  promises_.insert(after, std::move(promise));
  tail_valid_ = false;
}

std::optional<Promise> Lane::redeem(std::uint64_t caller, Instant now) {
  if (caller == 0) return std::nullopt;
  forget_lapsed(now);
  const auto found =
      std::find_if(promises_.begin(), promises_.end(), [&](const Promise& each) { return each.caller == caller; });
  if (found == promises_.end()) return std::nullopt;
  Promise promise = std::move(*found);
  promises_.erase(found);
  tail_valid_ = false;
  return promise;
}

void Lane::forget_lapsed(Instant now) {
  if (promises_.remove_if([&](const Promise& promise) { return promise.expires <= now; }) > 0) tail_valid_ = false;
}

}  // namespace weir
