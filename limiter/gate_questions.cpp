#include <algorithm>

#include "limiter/gate.h"
#include "limiter/gate_state.h"
#include "limiter/meter.h"

namespace weir {

GateState Gate::state() const {
  GateState result{state_->slots.taken(), static_cast<int>(state_->waiting.size()), 0};
  for (const auto& each : state_->lanes) result.bytes_waiting += each.lane.bytes_waiting();
  return result;
}

GateState Gate::state(GroupId id) const {
  const Lane& lane = state_->lanes.at(id).lane;
  return {lane.slots.taken(), lane.waiting(), lane.bytes_waiting()};
}

std::vector<LimitState> Gate::limits(GroupId id, ClientId client) const {
  auto& s = *state_;
  const Instant now = s.loop.now();
  s.turn_days(now);
  const Lane& lane = s.lanes.at(id).lane;
  std::vector<LimitState> result;
  for (std::size_t i = 0; i < lane.buckets().size(); ++i) {
    const Instant opens = lane.pace.closed_until(i);
    result.push_back({s.store.limit(lane.buckets()[i]), s.store.level(lane.buckets()[i], now), Refusal::Scope::model,
                      lane.options().name, opens > now ? std::optional(opens - now) : std::nullopt});
  }
  if (client != 0) {
    for (const Member::Share& share : s.member(id, client).shares)
      result.push_back({share.limit, s.store.level(share.bucket, now), Refusal::Scope::client,
                        s.clients.at(share.of).name, std::nullopt});
  }
  return result;
}

Forecast Gate::forecast(const Ask& ask) const {
  auto& s = *state_;
  const Instant now = s.loop.now();
  s.turn_days(now);
  Lane& lane = s.lanes.at(ask.group).lane;
  lane.forget_lapsed(now);
  const Member& member = s.member(ask.group, ask.client);
  const Charges charges = lane.charges(member, ask.estimate);
  if (const auto never = s.never(lane, member, charges))
    return {std::nullopt, never->of, never->scope, never->limit, never->largest};
  return s.foreseen(lane, member, ask.tool, lane.predict(member, ask.priority, charges, now), now);
}

std::optional<Forecast> Gate::Ticket::forecast() const {
  if (gate_ == nullptr) return std::nullopt;
  auto& s = *gate_->state_;
  const auto found = s.waiting.find(id_);
  if (found == s.waiting.end()) return std::nullopt;
  const Instant now = s.loop.now();
  s.turn_days(now);
  const Waiter& waiter = *found->second;
  Lane& lane = s.lanes.at(waiter.who.group).lane;
  const Member& member = s.member(waiter.who.group, waiter.who.client);
  return s.foreseen(lane, member, waiter.who.tool,
                    lane.predict(member, waiter.priority, waiter.charges, now, waiter.place), now);
}

Forecast Gate::State::foreseen(const Lane& lane, const Member& member, ToolId tool, const Prediction& prediction,
                               Instant now) const {
  Refusal obstacle;
  if (prediction.charge)
    name_limit(lane, member, *prediction.charge, obstacle);
  else if (prediction.at > now || !slots.has() || !lane.has_slot() || !tools.at(tool).has())
    name_obstacle(lane, tool, now, obstacle);
  const Duration wait = std::max(prediction.at - now, slot_wait(lane, tool, prediction.ahead));
  return {wait, obstacle.of, obstacle.scope, obstacle.limit, std::nullopt};
}

Duration Gate::paused_for(GroupId id) const {
  const auto& s = *state_;
  const Lane& lane = s.lanes.at(id).lane;
  Instant until = lane.pace.closed_until();
  for (std::size_t i = 0; i < lane.buckets().size(); ++i) until = std::max(until, lane.pace.closed_until(i));
  // Never closed is an instant so long ago that the difference has no number.
  return until > s.loop.now() ? until - s.loop.now() : Duration();
}

const GateOptions& Gate::options() const { return state_->options; }

void Gate::audit() const {
  const auto& s = *state_;
  int waiting = 0, taken = 0;
  for (const auto& each : s.lanes) {
    each.lane.audit();
    waiting += each.lane.waiting();
    taken += each.lane.slots.taken();
  }
  int by_tool = 0;
  for (const Slots& slots : s.tools) by_tool += slots.taken();
  INVARIANT(waiting == static_cast<int>(s.waiting.size()) && s.deadlines.size() == s.waiting.size(),
            "{} wait in lanes, {} in all, {} deadlines", waiting, s.waiting.size(), s.deadlines.size());
  INVARIANT(taken == s.slots.taken() && by_tool == taken, "slots taken: {} by groups, {} by tools, {} in all", taken,
            by_tool, s.slots.taken());
}

std::optional<Refusal> Gate::State::never(const Lane& lane, const Member& member, const Charges& charges) const {
  const auto& limits = lane.options().limits;
  for (std::size_t i = 0; i < charges.size(); ++i) {
    const std::int64_t most = most_at_once(i < limits.size() ? limits[i] : member.shares[i - limits.size()].limit);
    if (charges[i].units <= most) continue;
    Refusal refusal;
    refusal.reason = Refusal::Reason::never;
    name_limit(lane, member, i, refusal);
    refusal.largest = most;
    refusal.needed = charges[i].units;
    return refusal;
  }
  return std::nullopt;
}

}  // namespace weir
