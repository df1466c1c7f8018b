#include "limiter/gate.h"

#include <algorithm>
#include <list>
#include <set>
#include <unordered_map>

#include "config/invariant.h"
#include "limiter/bucket.h"

namespace weir {
namespace {

using WaiterId = std::uint64_t;

struct Waiter {
  WaiterId id = 0;  // grows with arrival
  Estimate estimate;
  std::vector<Charge> charges;
  std::int64_t bytes = 0;
  Instant arrived, deadline;
  std::function<void(Admission)> done;
};

struct Group {
  GroupOptions options;
  std::vector<BucketId> buckets;  // beside options.limits
  int slots_taken = 0;
  std::list<Waiter> queue;  // in order of arrival
  // The buckets as they will be when all who wait have gone, and when the last of them goes. Rebuilt when it is not
  // valid.
  std::vector<Bucket> tail;
  Instant tail_at;
  bool tail_valid = false;

  bool has_slot() const { return !options.slots || slots_taken < *options.slots; }
};

// When a call would be admitted, were slots no obstacle; and which limit it would wait for last.
struct Prediction {
  Instant at;
  std::optional<std::size_t> limit;
};

}  // namespace

struct Gate::State {
  Gate& gate;
  Loop& loop;
  Store& store;
  GateOptions options;

  std::vector<Group> groups;
  std::unordered_map<std::string, GroupId> by_key;
  std::unordered_map<WaiterId, std::pair<GroupId, std::list<Waiter>::iterator>> waiting;
  std::set<std::pair<Instant, WaiterId>> deadlines;
  WaiterId last_waiter = 0;
  std::int64_t bytes_waiting = 0;
  int slots_taken = 0;
  bool closing = false;

  bool pumping = false, pump_again = false;
  Timer timer;
  Instant timer_at = Instant::max();
  Duration mean_hold{};  // how long a slot is held, exponentially averaged: the only guess at when one comes free

  State(Gate& g, Loop& l, Store& s, GateOptions o) : gate(g), loop(l), store(s), options(o) {}

  bool has_slot(const Group& group) const { return slots_taken < options.slots && group.has_slot(); }

  std::vector<Charge> charges(const Group& group, const Estimate& estimate) const {
    std::vector<Charge> result;
    result.reserve(group.buckets.size());
    for (std::size_t i = 0; i < group.buckets.size(); ++i)
      result.push_back({group.buckets[i], reserved_units(group.options.limits[i].unit, estimate)});
    return result;
  }

  // Lets one more call pass the predicted buckets, after all before it.
  static Prediction pass(const Group& group, std::vector<Bucket>& buckets, Instant from,
                         const std::vector<Charge>& charges) {
    Prediction prediction{from, std::nullopt};
    for (std::size_t i = 0; i < buckets.size(); ++i) {
      const Instant ready = buckets[i].ready_at(group.options.limits[i], charges[i].units, from);
      if (ready > prediction.at) prediction = {ready, i};
    }
    for (std::size_t i = 0; i < buckets.size(); ++i)
      buckets[i].take(group.options.limits[i], charges[i].units, prediction.at);
    return prediction;
  }

  void validate_tail(Group& group, Instant now) {
    if (group.tail_valid && group.tail_at >= now) return;
    group.tail.clear();
    for (const BucketId bucket : group.buckets) group.tail.emplace_back(store.full_at(bucket));
    group.tail_at = now;
    for (const Waiter& waiter : group.queue) group.tail_at = pass(group, group.tail, group.tail_at, waiter.charges).at;
    group.tail_valid = true;
  }

  Prediction predict(Group& group, const std::vector<Charge>& charges, Instant now) {
    validate_tail(group, now);
    auto buckets = group.tail;
    return pass(group, buckets, group.tail_at, charges);
  }

  Refusal refusal(Refusal::Reason reason, const Group& group, const Prediction& prediction, Instant now,
                  const std::vector<Charge>& charges) const {
    Refusal refusal;
    refusal.reason = reason;
    if (prediction.limit) {
      refusal.scope = group.options.name;
      refusal.limit = group.options.limits[*prediction.limit].name;
      refusal.needed = charges[*prediction.limit].units;
    } else {
      refusal.scope = group.has_slot() ? "server" : group.options.name;
      refusal.limit = "concurrency";
      refusal.needed = 1;
    }
    // Where slots are the obstacle, the mean of how long one is held is the best guess there is.
    const auto ahead = static_cast<std::int64_t>(waiting.size()) + 1;
    const Duration slot_wait = has_slot(group) ? Duration{} : mean_hold * ahead / options.slots;
    refusal.retry_after = std::max({prediction.at - now, slot_wait, Duration(std::chrono::milliseconds(1))});
    return refusal;
  }

  Lease admit(GroupId id, const Estimate& estimate, Instant arrived, Instant now) {
    ++slots_taken;
    ++groups[id].slots_taken;
    groups[id].tail_valid = false;
    return Lease(gate, id, estimate, now, now - arrived);
  }

  // Takes a waiter out of every table.
  Waiter remove(GroupId id, std::list<Waiter>::iterator it) {
    Group& group = groups[id];
    Waiter waiter = std::move(*it);
    group.queue.erase(it);
    group.tail_valid = false;
    waiting.erase(waiter.id);
    deadlines.erase({waiter.deadline, waiter.id});
    bytes_waiting -= waiter.bytes;
    INVARIANT(bytes_waiting >= 0, "bytes_waiting {}", bytes_waiting);
    return waiter;
  }

  // Admits, in order of arrival, every head of a lane that can go now. True when one went: its answer may have changed
  // anything.
  bool admit_one(Instant now, Instant& next) {
    if (slots_taken >= options.slots) return false;
    // Lanes by the arrival of their heads.
    std::vector<std::pair<WaiterId, GroupId>> heads;
    for (GroupId id = 0; id < groups.size(); ++id)
      if (!groups[id].queue.empty() && groups[id].has_slot()) heads.emplace_back(groups[id].queue.front().id, id);
    std::sort(heads.begin(), heads.end());
    for (const auto& [waiter_id, id] : heads) {
      const auto head = groups[id].queue.begin();
      if (const auto shortfall = store.take(head->charges, now)) {
        // An absent instant would mean a call larger than the burst, which enter() turned away.
        if (shortfall->ready_at) next = std::min(next, *shortfall->ready_at);
        continue;
      }
      Waiter waiter = remove(id, head);
      waiter.done(admit(id, waiter.estimate, waiter.arrived, now));
      return true;
    }
    return false;
  }

  bool expire_one(Instant now) {
    if (deadlines.empty() || deadlines.begin()->first > now) return false;
    const auto [id, it] = waiting.at(deadlines.begin()->second);
    Waiter waiter = remove(id, it);
    Group& group = groups[id];
    waiter.done(refusal(Refusal::Reason::timed_out, group, predict(group, waiter.charges, now), now, waiter.charges));
    return true;
  }

  // Does all that can be done now, and sets the one timer for the next instant at which more can. Answers may call back
  // into the gate; what they change is seen by the running pump.
  void pump() {
    if (pumping) {
      pump_again = true;
      return;
    }
    pumping = true;
    Instant next;
    do {
      pump_again = false;
      next = Instant::max();
      const Instant now = loop.now();
      while (admit_one(now, next)) next = Instant::max();
      while (expire_one(now)) pump_again = true;  // the one behind it may go
    } while (pump_again);
    if (!deadlines.empty()) next = std::min(next, deadlines.begin()->first);
    pumping = false;
    if (next == timer_at) return;
    timer_at = next;
    timer.cancel();
    if (next == Instant::max()) return;
    timer = loop.at(next, [this] {
      timer_at = Instant::max();
      pump();
    });
  }
};

Gate::Gate(Loop& loop, Store& store, GateOptions options)
    : state_(std::make_unique<State>(*this, loop, store, options)) {
  INVARIANT(options.slots >= 1 && options.queue_limit >= 0, "slots {}, queue_limit {}", options.slots,
            options.queue_limit);
}

Gate::~Gate() { INVARIANT(state_->slots_taken == 0, "{} leases outlive their gate", state_->slots_taken); }

GroupId Gate::group(const GroupOptions& options) {
  auto& s = *state_;
  const auto [found, is_new] = s.by_key.try_emplace(options.key, static_cast<GroupId>(s.groups.size()));
  if (is_new) {
    Group group;
    group.options = options;
    for (const Limit& limit : options.limits) group.buckets.push_back(s.store.open(options.key, limit));
    s.groups.push_back(std::move(group));
  }
  return found->second;
}

Gate::Ticket Gate::enter(const Ask& ask, std::function<void(Admission)> done) {
  auto& s = *state_;
  Group& group = s.groups.at(ask.group);
  const Instant now = s.loop.now();
  if (s.closing) {
    done(Refusal{Refusal::Reason::closing, "server", "queue", std::nullopt, std::nullopt, 0});
    return {};
  }
  auto charges = s.charges(group, ask.estimate);
  for (std::size_t i = 0; i < charges.size(); ++i) {
    const Limit& limit = group.options.limits[i];
    if (charges[i].units <= limit.burst) continue;
    done(Refusal{Refusal::Reason::never, group.options.name, limit.name, std::nullopt, limit.burst, charges[i].units});
    return {};
  }

  const bool first = group.queue.empty() && !s.pumping && s.has_slot(group);
  if (first && !s.store.take(charges, now)) {
    done(s.admit(ask.group, ask.estimate, now, now));
    return {};
  }

  Instant deadline = now + s.options.max_wait;
  if (ask.deadline) deadline = std::min(deadline, *ask.deadline);
  const Prediction prediction = s.predict(group, charges, now);
  // At its deadline exactly a call is still admitted, so one that could go then may wait. One that may not wait at all
  // is refused.
  if (prediction.at > deadline || deadline <= now) {
    done(s.refusal(Refusal::Reason::wait_too_long, group, prediction, now, charges));
    return {};
  }
  if (static_cast<int>(s.waiting.size()) >= s.options.queue_limit ||
      s.bytes_waiting + ask.bytes > s.options.queue_bytes) {
    Refusal refusal = s.refusal(Refusal::Reason::queue_full, group, prediction, now, charges);
    refusal.scope = "server";
    refusal.limit = "queue";
    refusal.needed = 1;
    done(std::move(refusal));
    return {};
  }

  const WaiterId id = ++s.last_waiter;
  group.tail_at = State::pass(group, group.tail, group.tail_at, charges).at;
  group.queue.push_back({id, ask.estimate, std::move(charges), ask.bytes, now, deadline, std::move(done)});
  s.waiting.emplace(id, std::pair{ask.group, std::prev(group.queue.end())});
  s.deadlines.emplace(deadline, id);
  s.bytes_waiting += ask.bytes;
  s.pump();
  return Ticket(*this, id);
}

void Gate::Ticket::cancel() {
  if (gate_ != nullptr) std::exchange(gate_, nullptr)->leave(id_);
}

void Gate::leave(WaiterId id) {
  auto& s = *state_;
  const auto found = s.waiting.find(id);
  if (found == s.waiting.end()) return;
  const Waiter gone = s.remove(found->second.first, found->second.second);
  s.pump();
}

void Gate::settle(const Lease& lease, Ending ending, const Usage& usage) {
  auto& s = *state_;
  Group& group = s.groups.at(lease.group_);
  const Instant now = s.loop.now();
  --s.slots_taken;
  --group.slots_taken;
  INVARIANT(s.slots_taken >= 0 && group.slots_taken >= 0, "slots_taken {}, of the group {}", s.slots_taken,
            group.slots_taken);
  for (std::size_t i = 0; i < group.buckets.size(); ++i) {
    const Unit unit = group.options.limits[i].unit;
    s.store.settle({group.buckets[i], reserved_units(unit, lease.reserved_)},
                   settled_units(unit, lease.reserved_, ending, usage), now);
  }
  group.tail_valid = false;
  s.mean_hold += (now - lease.admitted_ - s.mean_hold) / 8;
  s.pump();
}

void Gate::close() {
  auto& s = *state_;
  s.closing = true;
  while (!s.waiting.empty()) {
    const auto [id, it] = s.waiting.begin()->second;
    Waiter waiter = s.remove(id, it);
    waiter.done(Refusal{Refusal::Reason::closing, "server", "queue", std::nullopt, std::nullopt, 0});
  }
  s.pump();
}

GateState Gate::state() const {
  return {state_->slots_taken, static_cast<int>(state_->waiting.size()), state_->bytes_waiting};
}

GateState Gate::state(GroupId id) const {
  const Group& group = state_->groups.at(id);
  GateState result{group.slots_taken, static_cast<int>(group.queue.size()), 0};
  for (const Waiter& waiter : group.queue) result.bytes_waiting += waiter.bytes;
  return result;
}

}  // namespace weir
