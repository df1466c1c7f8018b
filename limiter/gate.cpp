#include "limiter/gate.h"

#include <algorithm>

#include "config/invariant.h"
#include "limiter/gate_state.h"

namespace weir {
namespace {

// How many of one group are remembered as told to come back. They hold no prompt; beyond this, a wait is named but not
// kept for anyone.
constexpr std::size_t kPromisesMax = 1024;

// How long a slot is held is averaged over about so many calls: of heavy tails the newest few say little.
constexpr std::int64_t kHoldsAveraged = 64;

// Who comes back is on time when it is this early (clocks and networks are not exact), or this late.
constexpr Duration kEarly = std::chrono::milliseconds(20), kLate = std::chrono::seconds(10);

// What a call weighs in fairness: its tokens; and it is never for nothing.
std::int64_t cost_of(const Estimate& estimate) {
  return std::max<std::int64_t>(estimate.input_tokens + estimate.output_tokens, 1);
}

Refusal closing() {
  return {.reason = Refusal::Reason::closing, .of = Refusal::Scope::server, .scope = "server", .limit = "queue"};
}

}  // namespace

Member& Gate::State::member(GroupId group, ClientId client) {
  return lanes[group].lane.member(client, [&] { return new_member(group, client); });
}

Member Gate::State::new_member(GroupId group, ClientId client) {
  Member member;
  member.client = client;
  if (client == 0) return member;
  const ClientOptions& own = clients.at(client);
  member.parent = own.parent.value_or(0);
  member.weight = own.weight;
  member.shares = shares(group, client);
  return member;
}

Duration Gate::State::slotless(const Lane& lane, ToolId tool, Instant now) const {
  return slots.full_for(now) + lane.slots.full_for(now) + tools[tool].full_for(now);
}

Duration Gate::State::slot_wait(const Lane& lane, ToolId tool, std::int64_t ahead) const {
  if (slots.has() && lane.has_slot() && tools[tool].has()) return {};
  int at_a_time = options.slots;
  for (const Slots* narrower : {&lane.slots, &tools[tool]})
    at_a_time = std::min(at_a_time, narrower->most().value_or(at_a_time));
  return mean_hold * (ahead + 1) / at_a_time;
}

void Gate::State::name_limit(const Lane& lane, const Member& member, std::size_t charge, Refusal& refusal) const {
  const auto& limits = lane.options().limits;
  if (charge < limits.size()) {
    refusal.of = Refusal::Scope::model;
    refusal.scope = lane.options().name;
    refusal.limit = limits[charge].name;
  } else {
    const Member::Share& share = member.shares[charge - limits.size()];
    refusal.of = Refusal::Scope::client;
    refusal.scope = clients.at(share.of).name;
    refusal.limit = share.limit.name;
  }
}

// Who stands in the way when no limit does: slots, or the provider's own word.
void Gate::State::name_obstacle(const Lane& lane, ToolId tool, Instant now, Refusal& refusal) const {
  refusal.limit = "concurrency";
  if (lane.pace.closed_until() > now || !lane.pace.has_room()) {
    refusal.of = Refusal::Scope::model;
    refusal.scope = lane.options().name;
    refusal.limit = "pause";
  } else if (!tools[tool].has()) {
    refusal.of = Refusal::Scope::tool;
    refusal.scope = tool_names[tool];
  } else if (!lane.slots.has()) {
    refusal.of = Refusal::Scope::model;
    refusal.scope = lane.options().name;
  } else {
    refusal.of = Refusal::Scope::server;
    refusal.scope = "server";
  }
}

Refusal Gate::State::refusal(Refusal::Reason reason, const Asked& asked, const Prediction& prediction, Instant now) {
  Lane& lane = lanes[asked.who.group].lane;
  Refusal refusal;
  refusal.reason = reason;
  refusal.needed = 1;
  if (reason == Refusal::Reason::queue_full) {
    refusal.of = Refusal::Scope::model;
    refusal.scope = lane.options().name;
    refusal.limit = "queue";
  } else if (prediction.charge) {
    name_limit(lane, asked.member, *prediction.charge, refusal);
    refusal.needed = asked.charges[*prediction.charge].units;
  } else {
    name_obstacle(lane, asked.who.tool, now, refusal);
  }
  refusal.retry_after = std::max(
      {prediction.at - now, slot_wait(lane, asked.who.tool, prediction.ahead), Duration(std::chrono::milliseconds(1))});
  const Instant due = now + *refusal.retry_after;
  lane.promise({asked.place, asked.caller, &asked.member, asked.priority, asked.charges, asked.cost, due, due + kLate},
               kPromisesMax, now);
  return refusal;
}

Duration Gate::State::throttled(const Lane& lane, const Waiter& waiter, Instant now) const {
  const Duration waited = now - waiter.arrived;
  return waited - std::min(waited, slotless(lane, waiter.who.tool, now) - waiter.slotless);
}

Lease Gate::State::admit(const Who& who, const Estimate& estimate, Duration waited, Duration throttled, Instant now) {
  Lane& lane = lanes[who.group].lane;
  Lease lease;
  lease.waited_ = waited;
  lease.throttled_ = throttled;
  slots.take(now);
  lane.slots.take(now);
  tools[who.tool].take(now);
  lane.pace.admitted(now);
  lane.admitted(member(who.group, who.client), cost_of(estimate));
  server_time = std::max(server_time, lane.lane_time++);
  lease.gate_ = &gate;
  lease.who_ = who;
  lease.reserved_ = estimate;
  lease.admitted_ = now;
  lease.serial_ = lane.recent.admit(estimate, now);
  tell(Admitted{who, estimate, lease.waited_, lease.throttled_});
  return lease;
}

Waiter Gate::State::remove(Place place) {
  Waiter waiter = lanes[place->who.group].lane.remove(place);
  waiting.erase(waiter.id);
  deadlines.erase({waiter.deadline, waiter.id});
  return waiter;
}

void Gate::State::refuse(Place place, Refusal::Reason reason, Instant now) {
  Lane& lane = lanes[place->who.group].lane;
  Member& asking = member(place->who.group, place->who.client);
  const Prediction prediction = lane.predict(asking, place->priority, place->charges, now, place->place);
  Waiter waiter = remove(place);
  const Refusal answer =
      refusal(reason, {waiter.who, asking, waiter.priority, waiter.charges, waiter.cost, waiter.caller, waiter.place},
              prediction, now);
  tell(Refused{waiter.who, answer, now - waiter.arrived});
  waiter.done(answer);
}

std::optional<Place> Gate::State::room_for(Lane& lane, const Member& member, const Ask& ask) const {
  const auto last = lane.displaced_by(member, ask.priority);
  if (!last || lane.bytes_waiting() - (*last)->bytes + ask.bytes > options.queue_bytes) return std::nullopt;
  return last;
}

void Gate::State::turn_out_displaced(Instant now) {
  while (!displaced.empty()) {
    const WaiterId id = displaced.back();
    displaced.pop_back();
    if (const auto found = waiting.find(id); found != waiting.end())
      refuse(found->second, Refusal::Reason::queue_full, now);
  }
}

void Gate::State::turn_out_too_large(const Lane& lane, Instant now) {
  for (const WaiterId id : lane.too_large()) {
    const auto found = waiting.find(id);
    if (found == waiting.end()) continue;
    Waiter waiter = remove(found->second);
    const auto answer = never(lane, member(waiter.who.group, waiter.who.client), waiter.charges);
    INVARIANT(answer.has_value(), "waiter {} is not too large", id);
    tell(Refused{waiter.who, *answer, now - waiter.arrived});
    waiter.done(*answer);
  }
}

Estimate Gate::State::book(const Lane& lane, const Member& member, const Lease& lease, const Settlement& settlement,
                           Instant now) {
  const Charges charges = lane.charges(member, lease.reserved_);
  const std::size_t limits = lane.buckets().size();
  for (std::size_t i = 0; i < charges.size(); ++i) {
    if (!lane.charged(member, i, lease.serial_)) continue;
    const Unit unit = i < limits ? lane.options().limits[i].unit : member.shares[i - limits].limit.unit;
    store.settle(charges[i], settled_units(unit, lease.reserved_, settlement.ending, settlement.usage), lease.admitted_,
                 now);
  }
  return {settled_units(Unit::input_tokens, lease.reserved_, settlement.ending, settlement.usage),
          settled_units(Unit::output_tokens, lease.reserved_, settlement.ending, settlement.usage), 0};
}

// True when one went: its answer may have changed anything.
bool Gate::State::admit_one(Instant now, Instant& next) {
  if (!slots.has()) return false;
  // Between lanes: by the class of their first, then in turns.
  order.clear();
  for (GroupId id = 0; id < lanes.size(); ++id) {
    Lane& lane = lanes[id].lane;
    if (lane.waiting() == 0) continue;
    lane.pace.turn(now);
    next = std::min(next, lane.pace.grows_at());
    if (!lane.has_slot()) {
      lane.no_slot(now);
      continue;
    }
    const auto first = lane.first_class(now);
    order.push_back({first.value_or(Priority::batch), lane.lane_time, id});
  }
  if (order.size() > 1) std::sort(order.begin(), order.end());
  for (const auto& [priority, time, id] : order) {
    const auto place = lanes[id].lane.pick(now, next);
    if (!place) continue;
    const Duration throttled = this->throttled(lanes[id].lane, **place, now);
    auto throttled_by = lanes[id].lane.throttled_by(**place, throttled, now);
    Waiter waiter = remove(*place);
    Lease lease = admit(waiter.who, waiter.estimate, now - waiter.arrived, throttled, now);
    lease.throttled_by_ = std::move(throttled_by);
    waiter.done(std::move(lease));
    return true;
  }
  return false;
}

bool Gate::State::expire_one(Instant now) {
  if (deadlines.empty() || deadlines.begin()->first > now) return false;
  refuse(waiting.at(deadlines.begin()->second), Refusal::Reason::timed_out, now);
  return true;
}

void Gate::State::pump(std::optional<Instant> as_of) {
  if (pumping) {
    pump_again = true;
    return;
  }
  pumping = true;
  Instant next;
  do {
    pump_again = false;
    next = Instant::max();
    const Instant now = as_of ? *std::exchange(as_of, std::nullopt) : loop.now();
    turn_days(now);
    while (admit_one(now, next)) next = Instant::max();
    while (expire_one(now)) pump_again = true;  // the one behind it may go
  } while (pump_again);
  if (!deadlines.empty()) next = std::min(next, deadlines.begin()->first);
  pumping = false;
#ifndef NDEBUG
  gate.audit();
#endif
  if (next == timer_at) return;
  timer_at = next;
  timer.cancel();
  if (next == Instant::max()) return;
  timer = loop.at(next, [this] {
    timer_at = Instant::max();
    pump();
  });
}

Gate::Gate(Loop& loop, Store& store, GateOptions options)
    : state_(std::make_unique<State>(*this, loop, store, options)) {
  INVARIANT(options.slots >= 1 && options.queue_limit >= 0, "slots {}, queue_limit {}", options.slots,
            options.queue_limit);
}

Gate::~Gate() { INVARIANT(state_->slots.taken() == 0, "{} leases outlive their gate", state_->slots.taken()); }

GroupId Gate::group(const GroupOptions& options) {
  auto& s = *state_;
  const auto [found, is_new] = s.groups.try_emplace(options.key, static_cast<GroupId>(s.lanes.size()));
  if (!is_new) return found->second;
  s.lanes.emplace_back(found->second, options, s);
  for (const Limit& limit : options.limits) s.bucket(options.key, limit, s.loop.now());
  return found->second;
}

ClientId Gate::client(const ClientOptions& options) {
  auto& s = *state_;
  INVARIANT(options.weight >= 1 && (!options.parent || (*options.parent >= 1 && *options.parent < s.clients.size())),
            "client {}: weight {}", options.name, options.weight);
  const auto [found, is_new] = s.client_names.try_emplace(options.name, static_cast<ClientId>(s.clients.size()));
  if (is_new) s.clients.push_back(options);
  return found->second;
}

ToolId Gate::tool(const ToolOptions& options) {
  auto& s = *state_;
  const auto [found, is_new] = s.tool_ids.try_emplace(options.name, static_cast<ToolId>(s.tools.size()));
  if (is_new) {
    s.tools.emplace_back(options.slots);
    s.tool_names.push_back(options.name);
  }
  return found->second;
}

Gate::Ticket Gate::enter(const Ask& ask, std::function<void(Admission)> done) {
  auto& s = *state_;
  Lane& lane = s.lanes.at(ask.group).lane;
  const Who who{ask.group, ask.client, ask.tool};
  const Instant now = s.loop.now();
  const auto refuse = [&](Refusal refusal) {
    s.tell(Refused{who, refusal, {}});
    done(std::move(refusal));
    return Ticket();
  };
  if (s.closing) return refuse(closing());
  s.turn_days(now);
  Member& member = s.member(ask.group, ask.client);
  const Charges charges = lane.charges(member, ask.estimate);
  if (auto never = s.never(lane, member, charges)) return refuse(std::move(*never));

  // Who was refused, and comes back, has its old place; who comes when it was told to is not turned away again.
  lane.forget_lapsed(now);
  const std::optional<Lane::Promise> promise = lane.promises() > 0 ? lane.redeem(ask.caller, now) : std::nullopt;
  const bool as_told = promise && now >= promise->due - kEarly;

  lane.pace.turn(now);
  const bool first = lane.waiting() == 0 && !s.pumping && s.slots.has() && lane.has_slot() && s.tools[ask.tool].has();
  const Lane::Asker asker{member, ask.priority, promise ? promise->place : s.last_waiter + 1, as_told};
  if (first && !lane.take(asker, charges, now).ready_at) {
    done(s.admit(who, ask.estimate, {}, {}, now));
    return {};
  }

  Instant deadline = now + s.options.max_wait;
  if (ask.deadline) deadline = std::min(deadline, *ask.deadline);
  const WaiterId id = ++s.last_waiter, queued_as = promise ? promise->place : id;
  const std::int64_t cost = cost_of(ask.estimate);
  const Prediction prediction =
      lane.predict(member, ask.priority, charges, now, promise ? std::optional(queued_as) : std::nullopt);
  if (!as_told || deadline <= now) {
    // At its deadline exactly a call is still admitted, so one that could go then may wait. One that may not wait at
    // all is refused.
    const bool too_long = prediction.at > deadline || deadline <= now;
    const bool full =
        lane.waiting() >= s.options.queue_limit || lane.bytes_waiting() + ask.bytes > s.options.queue_bytes;
    std::optional<Place> room;
    if (full && !too_long && lane.waiting() > 0 && ask.bytes <= s.options.queue_bytes)
      room = s.room_for(lane, member, ask);
    if (too_long || (full && !room)) {
      const auto reason = too_long ? Refusal::Reason::wait_too_long : Refusal::Reason::queue_full;
      return refuse(
          s.refusal(reason, {who, member, ask.priority, charges, cost, ask.caller, queued_as}, prediction, now));
    }
    if (room) s.displaced.push_back((*room)->id);
  }

  if (lane.waiting() == 0) lane.lane_time = std::max(lane.lane_time, s.server_time);
  const Place place = lane.insert({id, queued_as, who, ask.priority, ask.estimate, charges, cost, ask.bytes, ask.caller,
                                   now, deadline, as_told, s.slotless(lane, ask.tool, now), std::move(done), nullptr},
                                  now);
  s.waiting.emplace(id, place);
  s.deadlines.emplace(deadline, id);
  s.tell(Queued{who, prediction.at - now});
  // Answers may have taken their time.
  const bool still_now = s.displaced.empty();
  s.turn_out_displaced(now);
  s.pump(still_now ? std::optional(now) : std::nullopt);
  return Ticket(*this, id);
}

void Gate::Ticket::cancel() {
  if (gate_ != nullptr) std::exchange(gate_, nullptr)->leave(id_);
}

void Gate::leave(WaiterId id) {
  auto& s = *state_;
  const auto found = s.waiting.find(id);
  if (found == s.waiting.end()) return;
  const Waiter gone = s.remove(found->second);
  s.pump();
}

void Gate::settle(const Lease& lease, const Settlement& settlement) {
  auto& s = *state_;
  const Who who = lease.who_;
  Lane& lane = s.lanes.at(who.group).lane;
  const Instant now = s.loop.now();
  s.slots.give_back(now);
  lane.slots.give_back(now);
  s.tools[who.tool].give_back(now);

  Member& member = s.member(who.group, who.client);
  const Estimate used = s.book(lane, member, lease, settlement, now);
  lane.recent.settle(lease.serial_, settlement.ending != Ending::never_sent, used);
  lane.settled(member, cost_of(lease.reserved_), cost_of(used));
  lane.rouse(member);
  bool lowered = false;
  s.lanes[who.group].signals.apply(lane, s.store,
                                   {lease.admitted_, lease.reserved_, settlement.ending == Ending::success},
                                   settlement.feedback, now, [&](Decision decision) {
                                     if (const auto* adopted = std::get_if<Adopted>(&decision))
                                       lowered = lowered || adopted->to < adopted->from;
                                     s.tell(std::move(decision));
                                   });
  s.mean_hold += (now - lease.admitted_ - s.mean_hold) / std::min<std::int64_t>(++s.holds, kHoldsAveraged);
  const std::int64_t debt =
      used.input_tokens + used.output_tokens - lease.reserved_.input_tokens - lease.reserved_.output_tokens;
  s.tell(
      Settled{who, settlement.ending, lease.reserved_, used, now - lease.admitted_, std::max<std::int64_t>(debt, 0)});
  if (lowered) s.turn_out_too_large(lane, now);
  s.pump(lowered ? std::nullopt : std::optional(now));
}

void Gate::top_up(const Lease& lease, const Estimate& raised) {
  auto& s = *state_;
  Lane& lane = s.lanes.at(lease.who_.group).lane;
  Member& member = s.member(lease.who_.group, lease.who_.client);
  const Instant now = s.loop.now();
  const Charges before = lane.charges(member, lease.reserved_), after = lane.charges(member, raised);
  for (std::size_t i = 0; i < before.size(); ++i)
    if (lane.charged(member, i, lease.serial_)) s.store.settle(before[i], after[i].units, lease.admitted_, now);
  lane.recent.raise(lease.serial_, raised);
  lane.reserved(member, cost_of(raised) - cost_of(lease.reserved_));
}

void Gate::close() {
  auto& s = *state_;
  s.closing = true;
  while (!s.waiting.empty()) {
    Waiter waiter = s.remove(s.waiting.begin()->second);
    s.tell(Refused{waiter.who, closing(), s.loop.now() - waiter.arrived});
    waiter.done(closing());
  }
  s.pump();
}

}  // namespace weir
