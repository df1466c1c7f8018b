#include "limiter/lane.h"

#include <algorithm>
#include <limits>

namespace weir {
namespace {

__extension__ using Wide = __int128;

// Virtual time is counted in 1,024ths of a token, so that weights divide it finely.
constexpr std::int64_t kScale = 1024;
constexpr std::int64_t kLowest = std::numeric_limits<std::int64_t>::min();

std::size_t index(Priority priority) { return static_cast<std::size_t>(priority); }

}  // namespace

Lane::Lane(GroupOptions options, Store& store, std::vector<Slots>& tools, Duration aging_bound, std::uint64_t random)
    : slots(options.slots),
      pace(options.limits.size(), random),
      options_(std::move(options)),
      store_(store),
      tools_(tools),
      aging_bound_(aging_bound) {
  INVARIANT(options_.limits.size() <= kLimitsMax, "{} limits", options_.limits.size());
  for (const Limit& limit : options_.limits) buckets_.push_back(store_.open(options_.key, limit));
}

Member& Lane::member(ClientId client, const std::function<Member()>& make) {
  auto& known = members_[client];
  if (!known) {
    known = std::make_unique<Member>(make());
    known->virtual_time = virtual_time_;
    if (known->parent != 0) of_parent_[known->parent].push_back(known.get());
  }
  return *known;
}

Charges Lane::charges(const Member& member, const Estimate& estimate) const {
  Charges result;
  for (std::size_t i = 0; i < buckets_.size(); ++i)
    result.add(buckets_[i], reserved_units(options_.limits[i].unit, estimate));
  for (const Member::Share& share : member.shares) result.add(share.bucket, reserved_units(share.limit.unit, estimate));
  return result;
}

Lane::Attempt Lane::take(const Charges& charges, Instant now) {
  if (const Instant opens = pace.opens_at(charges); opens > now) return {opens, true};
  const auto shortfall = store_.take(charges.all(), now);
  if (!shortfall) return {};
  const bool by_group = std::find(buckets_.begin(), buckets_.end(), shortfall->bucket) != buckets_.end();
  // An absent instant would mean a call larger than the burst, which is turned away before it waits; a limit that was
  // lowered since makes one of those who wait too large.
  return {shortfall->ready_at.value_or(Instant::max()), by_group};
}

void Lane::unrank(Flow& flow) {
  if (flow.turn) by_turn_.erase(*flow.turn);
  if (flow.size) by_size_.erase(*flow.size);
  if (flow.asleep_until) asleep_.erase({*flow.asleep_until, &flow});
  flow.turn.reset();
  flow.size.reset();
  flow.asleep_until.reset();
}

void Lane::rank(Flow& flow) {
  unrank(flow);
  const auto& [size, id] = flow.by_size.begin()->first;
  flow.turn = {flow.priority, flow.member->virtual_time, static_cast<std::int64_t>(flow.queue.front().id), &flow};
  flow.size = {flow.priority, size, static_cast<std::int64_t>(id), &flow};
  by_turn_.insert(*flow.turn);
  by_size_.insert(*flow.size);
}

void Lane::rank_all(Member& member) {
  for (auto& [key, flow] : member.flows)
    if (!flow.asleep_until) rank(flow);
}

void Lane::sleep(Flow& flow, Instant until) {
  unrank(flow);
  flow.asleep_until = until;
  asleep_.insert({until, &flow});
}

void Lane::wake_due(Instant now) {
  while (!asleep_.empty() && asleep_.begin()->first <= now) rank(*asleep_.begin()->second);
}

void Lane::wake_client(ClientId client) {
  const auto wake = [this](Member& member) {
    for (auto& [key, flow] : member.flows)
      if (flow.asleep_until) rank(flow);
  };
  if (asleep_.empty() || client == 0) return;
  if (const auto own = members_.find(client); own != members_.end()) wake(*own->second);
  if (const auto children = of_parent_.find(client); children != of_parent_.end())
    for (Member* child : children->second) wake(*child);
}

void Lane::wake_tool(ToolId tool) {
  // Who sleeps for want of a slot sleeps without end.
  for (auto at = asleep_.lower_bound({Instant::max(), nullptr}); at != asleep_.end();) {
    Flow& flow = *(at++)->second;
    if (flow.tool == tool) rank(flow);
  }
}

std::optional<Priority> Lane::first_class(Instant now) {
  wake_due(now);
  if (by_turn_.empty()) return std::nullopt;
  return by_turn_.begin()->priority;
}

std::optional<Place> Lane::pick(Instant now, Instant& next) {
  wake_due(now);
  while (!by_turn_.empty()) {
    Flow& flow = *by_turn_.begin()->flow;
    const Place head = flow.queue.begin();
    if (!tools_[flow.tool].has()) {
      sleep(flow, Instant::max());
      continue;
    }
    const Attempt first = take(head->charges, now);
    if (!first.ready_at) return head;
    if (first.by_group) {
      next = std::min(next, *first.ready_at);
      if (!aged(*head, now)) {
        if (const auto smaller = pick_smaller(flow.priority, now, next)) return smaller;
      }
      break;
    }
    Instant until = *first.ready_at;
    if (const Place smallest = flow.by_size.begin()->second; smallest != head && !aged(*head, now)) {
      const Attempt second = take(smallest->charges, now);
      if (!second.ready_at) return smallest;
      until = std::min(until, *second.ready_at);
    }
    sleep(flow, until);
  }
  if (!asleep_.empty()) next = std::min(next, asleep_.begin()->first);
  return std::nullopt;
}

std::optional<Place> Lane::pick_smaller(Priority priority, Instant now, Instant& next) {
  auto at = by_size_.lower_bound({priority, kLowest, kLowest, nullptr});
  while (at != by_size_.end() && at->priority == priority) {
    Flow& flow = *(at++)->flow;
    const Place smallest = flow.by_size.begin()->second;
    if (!tools_[flow.tool].has()) {
      sleep(flow, Instant::max());
      continue;
    }
    const Attempt attempt = take(smallest->charges, now);
    if (!attempt.ready_at) return smallest;
    if (attempt.by_group) {
      next = std::min(next, *attempt.ready_at);
      return std::nullopt;
    }
    sleep(flow, *attempt.ready_at);
  }
  return std::nullopt;
}

Prediction Lane::predict(const Member& member, Priority priority, const Charges& charges, Instant now,
                         std::optional<WaiterId> place) const {
  std::array<std::int64_t, 3 * kLimitsMax> ahead{};
  Prediction prediction{now, std::nullopt, 0};
  const std::size_t limits = buckets_.size();
  const auto add = [&](const Backlog& backlog, std::int64_t part, std::int64_t whole) {
    for (std::size_t i = 0; i < limits; ++i)
      ahead[i] += static_cast<std::int64_t>(static_cast<Wide>(backlog.units[i]) * part / whole);
    prediction.ahead += backlog.count * part / whole;
  };
  for (std::size_t above = 0; above < index(priority); ++above) add(backlog_[above], 1, 1);

  std::int64_t own_cost = 0;
  bool waits = false;
  for (const auto& [key, flow] : member.flows) {
    waits = true;
    if (!place || key.first != priority) continue;
    for (const Waiter& waiter : flow.queue) {
      if (waiter.id >= *place) break;
      for (std::size_t i = 0; i < charges.size(); ++i) ahead[i] += waiter.charges[i].units;
      own_cost += waiter.cost;
      ++prediction.ahead;
    }
  }
  if (!place) {
    const Backlog& own = member.backlog[index(priority)];
    add(own, 1, 1);
    own_cost = own.cost;
    for (std::size_t i = limits; i < charges.size(); ++i)
      if (const auto waiting = ahead_of_client_.find(charges[i].bucket); waiting != ahead_of_client_.end())
        ahead[i] = waiting->second;
  }
  // What others will have been given by the virtual time at which this one's turn comes.
  const std::int64_t begins =
      (waits ? member.virtual_time : std::max(member.virtual_time, virtual_time_)) + own_cost * kScale / member.weight;
  for (const Member* other : waiters_of_[index(priority)]) {
    if (other == &member) continue;
    const Backlog& backlog = other->backlog[index(priority)];
    const Wide before = static_cast<Wide>(begins - other->virtual_time) * other->weight / kScale;
    if (before > 0 && backlog.cost > 0)
      add(backlog, static_cast<std::int64_t>(std::min<Wide>(before, backlog.cost)), backlog.cost);
  }

  for (std::size_t i = 0; i < charges.size(); ++i) {
    const std::int64_t units = charges[i].units;
    if (units == 0) continue;
    // Each of those ahead is rounded up by less than a nanosecond, which is left out.
    Instant ready = store_.ready_at(charges[i].bucket, units, now, ahead[i]);
    if (i < limits) ready = std::max(ready, pace.closed_until(i));
    if (ready > prediction.at) {
      prediction.at = ready;
      prediction.charge = i;
    }
  }
  prediction.at = std::max(prediction.at, pace.closed_until());
  return prediction;
}

void Lane::count(Member& member, Priority priority, const Charges& charges, std::int64_t cost, int sign) {
  Backlog& own = member.backlog[index(priority)];
  for (Backlog* backlog : {&own, &backlog_[index(priority)]}) {
    for (std::size_t i = 0; i < buckets_.size(); ++i) backlog->units[i] += sign * charges[i].units;
    backlog->cost += sign * cost;
    backlog->count += sign;
  }
  for (std::size_t i = buckets_.size(); i < charges.size(); ++i)
    ahead_of_client_[charges[i].bucket] += sign * charges[i].units;
  if (own.count == 0)
    waiters_of_[index(priority)].erase(&member);
  else
    waiters_of_[index(priority)].insert(&member);
}

Place Lane::insert(Waiter waiter) {
  Member& member = *members_.at(waiter.who.client);
  if (member.flows.empty()) member.virtual_time = std::max(member.virtual_time, virtual_time_);
  Flow& flow = member.flows[{waiter.priority, waiter.who.tool}];
  flow.member = &member;
  flow.priority = waiter.priority;
  flow.tool = waiter.who.tool;
  waiter.flow = &flow;
  count(member, waiter.priority, waiter.charges, waiter.cost, 1);
  ++waiting_;
  bytes_waiting_ += waiter.bytes;
  // Almost always the last.
  auto after = flow.queue.end();
  while (after != flow.queue.begin() && std::prev(after)->id > waiter.id) --after;
  const Place place = flow.queue.insert(after, std::move(waiter));
  flow.by_size.emplace(std::pair{place->cost, place->id}, place);
  rank(flow);
  return place;
}

Waiter Lane::remove(Place place) {
  Flow& flow = *place->flow;
  Member& member = *flow.member;
  flow.by_size.erase({place->cost, place->id});
  Waiter waiter = std::move(*place);
  flow.queue.erase(place);
  count(member, waiter.priority, waiter.charges, waiter.cost, -1);
  --waiting_;
  bytes_waiting_ -= waiter.bytes;
  INVARIANT(bytes_waiting_ >= 0 && waiting_ >= 0, "bytes_waiting {}, waiting {}", bytes_waiting_, waiting_);
  unrank(flow);
  if (flow.queue.empty())
    member.flows.erase({waiter.priority, waiter.who.tool});
  else
    rank(flow);
  waiter.flow = nullptr;
  return waiter;
}

std::optional<Place> Lane::displaced_by(const Member& member, Priority priority) {
  for (const Priority victim_class : {Priority::batch, Priority::interactive}) {
    if (victim_class < priority) break;
    Member* most = nullptr;
    for (Member* other : waiters_of_[index(victim_class)])
      if (most == nullptr || other->backlog[index(victim_class)].count > most->backlog[index(victim_class)].count)
        most = other;
    if (most == nullptr) continue;
    const int own = member.backlog[index(priority)].count;
    if (victim_class == priority && (most == &member || most->backlog[index(priority)].count <= own + 1)) continue;
    std::optional<Place> last;
    for (auto& [key, flow] : most->flows)
      if (key.first == victim_class && (!last || flow.queue.back().id > (*last)->id))
        last = std::prev(flow.queue.end());
    if (last) return last;
  }
  return std::nullopt;
}

void Lane::promise(Promise promise, std::size_t most, Instant now) {
  if (promise.caller == 0) return;
  forget_lapsed(now);
  redeem(promise.caller, now);
  if (promises_.size() >= most) return;
  count(*promise.member, promise.priority, promise.charges, promise.cost, 1);
  lapsing_.insert({promise.expires, promise.caller});
  promises_.emplace(promise.caller, std::move(promise));
}

std::optional<Lane::Promise> Lane::redeem(std::uint64_t caller, Instant now) {
  if (caller == 0) return std::nullopt;
  forget_lapsed(now);
  auto node = promises_.extract(caller);
  if (node.empty()) return std::nullopt;
  Promise& promise = node.mapped();
  lapsing_.erase({promise.expires, caller});
  count(*promise.member, promise.priority, promise.charges, promise.cost, -1);
  return std::move(promise);
}

void Lane::forget_lapsed(Instant now) {
  while (!lapsing_.empty() && lapsing_.begin()->first <= now) {
    const auto node = promises_.extract(lapsing_.begin()->second);
    lapsing_.erase(lapsing_.begin());
    const Promise& promise = node.mapped();
    count(*promise.member, promise.priority, promise.charges, promise.cost, -1);
  }
}

void Lane::change(std::size_t limit, const Limit& to, Instant now) {
  options_.limits[limit] = to;
  store_.change(buckets_[limit], to, now);
}

void Lane::charge_time(Member& member, std::int64_t cost, bool admitted) {
  if (admitted) {
    if (member.flows.empty()) member.virtual_time = std::max(member.virtual_time, virtual_time_);
    virtual_time_ = std::max(virtual_time_, member.virtual_time);
  }
  member.virtual_time += cost * kScale / member.weight;
  rank_all(member);
}

void Lane::audit() const {
  int waiting = 0;
  std::int64_t bytes = 0;
  std::array<Backlog, 2> sums{};
  std::size_t awake = 0, asleep = 0;
  const auto add = [&](Priority priority, const Charges& charges, std::int64_t cost) {
    for (std::size_t i = 0; i < buckets_.size(); ++i) sums[index(priority)].units[i] += charges[i].units;
    sums[index(priority)].cost += cost;
    ++sums[index(priority)].count;
  };
  for (const auto& [client, member] : members_) {
    for (const auto& [key, flow] : member->flows) {
      INVARIANT(!flow.queue.empty() && flow.queue.size() == flow.by_size.size(), "a flow of {} and {}",
                flow.queue.size(), flow.by_size.size());
      INVARIANT(
          flow.turn.has_value() != flow.asleep_until.has_value() && flow.turn.has_value() == flow.size.has_value(),
          "a flow of client {} is neither awake nor asleep, or both", client);
      INVARIANT(!flow.turn || flow.turn->first == member->virtual_time, "client {} stands at {} and not at {}", client,
                flow.turn->first, member->virtual_time);
      (flow.turn ? awake : asleep) += 1;
      for (const Waiter& waiter : flow.queue) {
        ++waiting;
        bytes += waiter.bytes;
        add(waiter.priority, waiter.charges, waiter.cost);
      }
    }
  }
  for (const auto& [caller, promise] : promises_) add(promise.priority, promise.charges, promise.cost);
  INVARIANT(waiting == waiting_ && bytes == bytes_waiting_, "{} wait and not {}; {} bytes and not {}", waiting,
            waiting_, bytes, bytes_waiting_);
  INVARIANT(awake == by_turn_.size() && awake == by_size_.size() && asleep == asleep_.size(),
            "{} flows are awake, {} asleep", awake, asleep);
  INVARIANT(promises_.size() == lapsing_.size(), "{} promises, {} lapse", promises_.size(), lapsing_.size());
  for (const std::size_t i : {0U, 1U}) {
    INVARIANT(
        sums[i].units == backlog_[i].units && sums[i].cost == backlog_[i].cost && sums[i].count == backlog_[i].count,
        "class {}: the backlog is {} calls of {} tokens and not {} of {}", i, sums[i].count, sums[i].cost,
        backlog_[i].count, backlog_[i].cost);
  }
}

}  // namespace weir
