#include "limiter/gate.h"

#include <algorithm>
#include <deque>
#include <set>
#include <unordered_map>

#include "config/invariant.h"
#include "limiter/lane.h"

namespace weir {
namespace {

// How many of one group are remembered as told to come back. They hold no prompt; beyond this, a wait is named but not
// kept for anyone.
constexpr std::size_t kPromisesMax = 1024;

// Who comes back is on time when it is this early (clocks and networks are not exact), or this late.
constexpr Duration kEarly = std::chrono::milliseconds(20), kLate = std::chrono::seconds(10);

}  // namespace

struct Gate::State {
  Gate& gate;
  Loop& loop;
  Store& store;
  GateOptions options;

  std::deque<Lane> lanes;  // references stay
  std::unordered_map<std::string, GroupId> by_key;
  std::unordered_map<WaiterId, std::pair<GroupId, std::list<Waiter>::iterator>> waiting;
  std::set<std::pair<Instant, WaiterId>> deadlines;
  WaiterId last_waiter = 0;
  int slots_taken = 0;
  bool closing = false;

  bool pumping = false, pump_again = false;
  Timer timer;
  Instant timer_at = Instant::max();
  Duration mean_hold{};  // how long a slot is held, exponentially averaged: the only guess at when one comes free

  State(Gate& g, Loop& l, Store& s, GateOptions o) : gate(g), loop(l), store(s), options(o) {}

  bool has_slot(const Lane& lane) const { return slots_taken < options.slots && lane.has_slot(); }

  // Where slots are the obstacle, the mean of how long one is held is the best guess there is.
  Duration slot_wait(const Lane& lane) const {
    if (has_slot(lane)) return {};
    const auto ahead = static_cast<std::int64_t>(waiting.size() + lane.promises()) + 1;
    return mean_hold * ahead / std::min(options.slots, lane.options().slots.value_or(options.slots));
  }

  // A refusal that names a wait, and remembers that it did. `place` is the caller's order of arrival.
  Refusal refusal(Refusal::Reason reason, Lane& lane, WaiterId place, const Prediction& prediction,
                  const std::vector<Charge>& charges, std::uint64_t caller, Instant now) {
    Refusal refusal;
    refusal.reason = reason;
    if (reason == Refusal::Reason::queue_full) {
      refusal.scope = lane.options().name;
      refusal.limit = "queue";
      refusal.needed = 1;
    } else if (prediction.limit) {
      refusal.scope = lane.options().name;
      refusal.limit = lane.options().limits[*prediction.limit].name;
      refusal.needed = charges[*prediction.limit].units;
    } else {
      refusal.scope = lane.has_slot() ? "server" : lane.options().name;
      refusal.limit = "concurrency";
      refusal.needed = 1;
    }
    refusal.retry_after = std::max({prediction.at - now, slot_wait(lane), Duration(std::chrono::milliseconds(1))});
    const Instant due = now + *refusal.retry_after;
    lane.promise({place, caller, charges, due, due + kLate}, kPromisesMax, now);
    return refusal;
  }

  Lease admit(GroupId id, const Estimate& estimate, Instant arrived, Instant now) {
    ++slots_taken;
    ++lanes[id].slots_taken;
    lanes[id].buckets_changed();
    return Lease(gate, id, estimate, now, now - arrived);
  }

  // Takes a waiter out of every table.
  Waiter remove(GroupId id, std::list<Waiter>::iterator it) {
    Waiter waiter = lanes[id].remove(it);
    waiting.erase(waiter.id);
    deadlines.erase({waiter.deadline, waiter.id});
    return waiter;
  }

  // Admits, in order of arrival, every head of a lane that can go now. True when one went: its answer may have changed
  // anything.
  bool admit_one(Instant now, Instant& next) {
    if (slots_taken >= options.slots) return false;
    // Lanes by the arrival of their heads.
    std::vector<std::pair<WaiterId, GroupId>> heads;
    for (GroupId id = 0; id < lanes.size(); ++id)
      if (!lanes[id].queue().empty() && lanes[id].has_slot()) heads.emplace_back(lanes[id].queue().front().id, id);
    std::sort(heads.begin(), heads.end());
    for (const auto& [waiter_id, id] : heads) {
      const auto head = lanes[id].queue().begin();
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
    Lane& lane = lanes[id];
    const Prediction prediction = lane.predict_at(waiter.id, waiter.charges, now);
    waiter.done(refusal(Refusal::Reason::timed_out, lane, waiter.id, prediction, waiter.charges, waiter.caller, now));
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
  const auto [found, is_new] = s.by_key.try_emplace(options.key, static_cast<GroupId>(s.lanes.size()));
  if (is_new) s.lanes.emplace_back(options, s.store);
  return found->second;
}

Gate::Ticket Gate::enter(const Ask& ask, std::function<void(Admission)> done) {
  auto& s = *state_;
  Lane& lane = s.lanes.at(ask.group);
  const Instant now = s.loop.now();
  if (s.closing) {
    done(Refusal{Refusal::Reason::closing, "server", "queue", std::nullopt, std::nullopt, 0});
    return {};
  }
  auto charges = lane.charges(ask.estimate);
  for (std::size_t i = 0; i < charges.size(); ++i) {
    const Limit& limit = lane.options().limits[i];
    if (charges[i].units <= limit.burst) continue;
    done(Refusal{Refusal::Reason::never, lane.options().name, limit.name, std::nullopt, limit.burst, charges[i].units});
    return {};
  }

  // Who was refused, and comes back, has its old place; who comes when it was told to is not turned away again.
  const std::optional<Promise> promise = lane.promises() > 0 ? lane.redeem(ask.caller, now) : std::nullopt;
  const bool as_told = promise && now >= promise->due - kEarly;

  const bool first = lane.queue().empty() && !s.pumping && s.has_slot(lane);
  if (first && !s.store.take(charges, now)) {
    done(s.admit(ask.group, ask.estimate, now, now));
    return {};
  }

  Instant deadline = now + s.options.max_wait;
  if (ask.deadline) deadline = std::min(deadline, *ask.deadline);
  const WaiterId id = promise ? promise->id : ++s.last_waiter;
  if (!as_told || deadline <= now) {
    const Prediction prediction = promise ? lane.predict_at(id, charges, now) : lane.predict(charges, now);
    // At its deadline exactly a call is still admitted, so one that could go then may wait. One that may not wait at
    // all is refused.
    const bool too_long = prediction.at > deadline || deadline <= now;
    const bool full = static_cast<int>(lane.queue().size()) >= s.options.queue_limit ||
                      lane.bytes_waiting() + ask.bytes > s.options.queue_bytes;
    if (too_long || full) {
      const auto reason = too_long ? Refusal::Reason::wait_too_long : Refusal::Reason::queue_full;
      done(s.refusal(reason, lane, id, prediction, charges, ask.caller, now));
      return {};
    }
  }

  const auto place =
      lane.insert({id, ask.estimate, std::move(charges), ask.bytes, ask.caller, now, deadline, std::move(done)});
  s.waiting.emplace(id, std::pair{ask.group, place});
  s.deadlines.emplace(deadline, id);
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
  Lane& lane = s.lanes.at(lease.group_);
  const Instant now = s.loop.now();
  --s.slots_taken;
  --lane.slots_taken;
  INVARIANT(s.slots_taken >= 0 && lane.slots_taken >= 0, "slots_taken {}, of the group {}", s.slots_taken,
            lane.slots_taken);
  for (std::size_t i = 0; i < lane.buckets().size(); ++i) {
    const Unit unit = lane.options().limits[i].unit;
    s.store.settle({lane.buckets()[i], reserved_units(unit, lease.reserved_)},
                   settled_units(unit, lease.reserved_, ending, usage), now);
  }
  lane.buckets_changed();
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
  GateState result{state_->slots_taken, static_cast<int>(state_->waiting.size()), 0};
  for (const Lane& lane : state_->lanes) result.bytes_waiting += lane.bytes_waiting();
  return result;
}

GateState Gate::state(GroupId id) const {
  const Lane& lane = state_->lanes.at(id);
  return {lane.slots_taken, static_cast<int>(lane.queue().size()), lane.bytes_waiting()};
}

std::vector<LimitState> Gate::limits(GroupId id) const {
  const Lane& lane = state_->lanes.at(id);
  std::vector<LimitState> result;
  for (std::size_t i = 0; i < lane.buckets().size(); ++i)
    result.push_back({lane.options().limits[i], state_->store.level(lane.buckets()[i], state_->loop.now())});
  return result;
}

Duration Gate::predicted_wait(GroupId id, const Estimate& estimate) const {
  Lane& lane = state_->lanes.at(id);
  const Instant now = state_->loop.now();
  return std::max(lane.predict(lane.charges(estimate), now).at - now, state_->slot_wait(lane));
}

const GateOptions& Gate::options() const { return state_->options; }

}  // namespace weir
