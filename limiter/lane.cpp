#include "limiter/lane.h"

#include <algorithm>
#include <limits>

#include "limiter/meter.h"

namespace weir {
namespace {

std::size_t index(Priority priority) { return static_cast<std::size_t>(priority); }

// How many calls are tried that might pass one that tokens hold up.
constexpr int kPassingMax = 8;

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
  since_.resize(buckets_.size());
}

Member& Lane::member(ClientId client, const std::function<Member()>& make) {
  auto& known = members_[client];
  if (!known) known = std::make_unique<Member>(make());
  return *known;
}

Charges Lane::charges(const Member& member, const Estimate& estimate) const {
  Charges result;
  for (std::size_t i = 0; i < buckets_.size(); ++i)
    result.add(buckets_[i], reserved_units(options_.limits[i].unit, estimate));
  for (const Member::Share& share : member.shares) result.add(share.bucket, reserved_units(share.limit.unit, estimate));
  return result;
}

Lane::Attempt Lane::take(const Asker& asker, const Charges& charges, Instant now) {
  if (const Instant opens = pace.opens_at(charges); opens > now) return {opens};
  if (!promises_.empty() && !asker.told)
    if (const auto kept = until_promises_are_kept(asker, charges, now)) return {*kept};
  const auto shortfall = store_.take(charges.all(), now);
  if (!shortfall) return {};
  // An absent instant would mean a call larger than the burst, which is turned away before it waits; a limit that was
  // lowered since makes one of those who wait too large.
  const Instant ready = shortfall->ready_at.value_or(Instant::max());
  const auto of_group = std::find(buckets_.begin(), buckets_.end(), shortfall->bucket);
  if (of_group == buckets_.end()) return {ready, shortfall->bucket};
  return {ready, std::nullopt, static_cast<std::size_t>(of_group - buckets_.begin())};
}

void Lane::stand(Flow& flow, Order& order) {
  step_out(flow);
  order.insert(flow);
}

void Lane::step_out(Flow& flow) {
  Order::erase(flow);
  if (!flow.held_by) return;
  const auto held = holds_.find(*flow.held_by);
  flow.held_by.reset();
  if (!held->second.order.empty()) return;
  rousing_.erase({held->second.until, held->first});
  holds_.erase(held);
}

void Lane::stand_again(Member& member) {
  for (auto& [key, flow] : member.flows) {
    Order& order = *flow.in;
    Order::erase(flow);
    order.insert(flow);
  }
}

bool Lane::hold(Flow& flow, BucketId bucket, Instant until, Instant now) {
  const auto& shares = flow.member->shares;
  for (std::size_t i = 0; i < shares.size(); ++i)
    if (shares[i].bucket == bucket) flow.obstacles.is(i, now);
  step_out(flow);
  Hold& hold = holds_[bucket];
  hold.order.insert(flow);
  flow.held_by = bucket;
  if (until < hold.until) {
    rousing_.erase({hold.until, bucket});
    hold.until = until;
    rousing_.insert({until, bucket});
  }
  // Whoever was held with it by another bucket waits for a word of how it went.
  const auto from = std::exchange(flow.roused_from, std::nullopt);
  return from && *from != bucket && rouse(*from);
}

bool Lane::rouse(BucketId bucket) {
  const auto held = holds_.find(bucket);
  if (held == holds_.end()) return false;
  rousing_.erase({held->second.until, bucket});
  held->second.until = Instant::max();
  // Those behind them are roused when these have gone, or are held by something else.
  for (Flow* flow : held->second.order.tops()) {
    stand(*flow, awake_);
    flow->roused_from = bucket;
  }
  return true;
}

void Lane::rouse(const Member& member) {
  if (holds_.empty()) return;
  for (const Member::Share& share : member.shares) rouse(share.bucket);
}

void Lane::rouse_due(Instant now) {
  while (!rousing_.empty() && rousing_.begin()->first <= now) rouse(rousing_.begin()->second);
}

std::int64_t Lane::finish_of(const Waiter& waiter) const {
  const Member& member = *waiter.flow->member;
  return member.virtual_time() + member.scaled(waiter.cost);
}

// The client's bucket for which someone waits whom this one may not pass.
std::optional<BucketId> Lane::behind(const Flow& flow, const Waiter& waiter, Instant now) const {
  if (holds_.empty()) return std::nullopt;
  const auto& shares = flow.member->shares;
  for (std::size_t i = 0; i < shares.size(); ++i) {
    if (waiter.charges[buckets_.size() + i].units == 0) continue;
    const auto held = holds_.find(shares[i].bucket);
    if (held == holds_.end()) continue;
    const Flow* first = held->second.order.first(tools_);
    if (first == nullptr || flow.turn < first->turn) continue;
    const Waiter& head = first->queue.front();
    if (first->priority < flow.priority || aged(head, now) || finish_of(waiter) > finish_of(head))
      return shares[i].bucket;
  }
  return std::nullopt;
}

Lane::Attempt Lane::attempt(const Flow& flow, const Waiter& waiter, Instant now) {
  if (const auto bucket = behind(flow, waiter, now)) return {Instant::max(), bucket};
  return take({*flow.member, flow.priority, waiter.place, waiter.told}, waiter.charges, now);
}

std::optional<Priority> Lane::first_class(Instant now) {
  rouse_due(now);
  const Flow* first = awake_.first(tools_);
  return first == nullptr ? std::nullopt : std::optional(first->priority);
}

std::optional<Place> Lane::pick(Instant now, Instant& next) {
  rouse_due(now);
  while (Flow* flow = awake_.first(tools_)) {
    const Place head = flow->queue.begin();
    const Attempt first = attempt(*flow, *head, now);
    if (!first.ready_at) return head;
    if (!first.client_bucket) {
      next = std::min(next, *first.ready_at);
      flow->obstacles.is(std::nullopt, now);
      obstacles_.is(first.limit.value_or(kPauseObstacle), now);
      if (!aged(*head, now)) {
        if (const auto smaller = pass(*head, first.limit, now, next)) return smaller;
      }
      if (!rousing_.empty()) next = std::min(next, rousing_.begin()->first);
      return std::nullopt;
    }
    Instant until = *first.ready_at;
    if (const Place smallest = flow->by_size.begin()->second;
        smallest != head && !aged(*head, now) && leaves_time(*head, *smallest, now)) {
      const Attempt second = attempt(*flow, *smallest, now);
      if (!second.ready_at) return smallest;
      until = std::min(until, *second.ready_at);
    }
    hold(*flow, *first.client_bucket, until, now);
  }
  obstacles_.is(std::nullopt, now);
  if (!rousing_.empty()) next = std::min(next, rousing_.begin()->first);
  return std::nullopt;
}

bool Lane::leaves_time(const Waiter& passed, const Waiter& passing, Instant now) const {
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    const std::int64_t units = passed.charges[i].units;
    if (units > 0 && store_.ready_at(buckets_[i], units, now, passing.charges[i].units) > passed.deadline) return false;
  }
  return true;
}

std::optional<Place> Lane::pass(const Waiter& head, std::optional<std::size_t> held_up_by, Instant now, Instant& next) {
  const Rank from{head.priority, std::numeric_limits<std::int64_t>::min(), 0, nullptr};
  const std::int64_t latest = finish_of(head);
  Rank after = from;
  for (int i = 0; i < kPassingMax; ++i) {
    Flow* flow = awake_.next_to_finish(after, head.priority, tools_);
    if (flow == nullptr || flow->finish.time > latest) break;
    after = flow->finish;
    const Place smallest = flow->by_size.begin()->second;
    const Waiter& first = flow->queue.front();
    if (&*smallest == &head || (&*smallest != &first && aged(first, now))) continue;
    // Who needs as much of what is short is not worth the trying.
    if (held_up_by && smallest->charges[*held_up_by].units >= head.charges[*held_up_by].units) continue;
    if (!leaves_time(head, *smallest, now)) continue;
    const Attempt attempted = attempt(*flow, *smallest, now);
    if (!attempted.ready_at) return smallest;
    if (!attempted.client_bucket) {
      next = std::min(next, *attempted.ready_at);
    } else if (smallest == flow->queue.begin() && hold(*flow, *attempted.client_bucket, *attempted.ready_at, now)) {
      after = from;
    }
  }
  return std::nullopt;
}

Place Lane::insert(Waiter waiter, Instant now) {
  Member& member = *members_.at(waiter.who.client);
  join(member, waiter.priority);
  Flow& flow = member.flows[{waiter.priority, waiter.who.tool}];
  flow.member = &member;
  flow.priority = waiter.priority;
  flow.tool = waiter.who.tool;
  waiter.flow = &flow;
  waiter.of_lane = obstacles_.read(now);
  waiter.of_flow = flow.obstacles.read(now);
  count(member, waiter.priority, waiter.charges, waiter.cost, 1);
  count_waiting(member, waiter.priority, 1);
  bytes_waiting_ += waiter.bytes;
  // Almost always the last; else looked for from both ends.
  auto after = flow.queue.end();
  auto front = flow.queue.begin();
  while (after != flow.queue.begin() && std::prev(after)->place > waiter.place) {
    if (front->place > waiter.place) {
      after = front;
      break;
    }
    --after;
    ++front;
  }
  const Place place = flow.queue.insert(after, std::move(waiter));
  flow.by_size.emplace(std::pair{place->cost, place->place}, place);
  flow.backlog.add(place->charges, place->cost, 1);
  if (flow.held_by) flow.roused_from = flow.held_by;
  stand(flow, awake_);
  return place;
}

Waiter Lane::remove(Place place) {
  Flow& flow = *place->flow;
  Member& member = *flow.member;
  flow.by_size.erase({place->cost, place->place});
  Waiter waiter = std::move(*place);
  flow.queue.erase(place);
  flow.backlog.add(waiter.charges, waiter.cost, -1);
  count(member, waiter.priority, waiter.charges, waiter.cost, -1);
  count_waiting(member, waiter.priority, -1);
  bytes_waiting_ -= waiter.bytes;
  INVARIANT(bytes_waiting_ >= 0 && waiting_ >= 0, "bytes_waiting {}, waiting {}", bytes_waiting_, waiting_);
  if (flow.held_by) flow.roused_from = flow.held_by;
  step_out(flow);
  if (flow.queue.empty())
    member.flows.erase({waiter.priority, waiter.who.tool});
  else
    stand(flow, awake_);
  // Someone may have waited behind it.
  rouse(member);
  waiter.flow = nullptr;
  return waiter;
}

std::vector<WaiterId> Lane::too_large() const {
  std::vector<WaiterId> found;
  for (const auto& [client, member] : members_)
    for (const auto& [key, flow] : member->flows)
      for (const Waiter& waiter : flow.queue)
        for (std::size_t i = 0; i < waiter.charges.size(); ++i) {
          const Limit& limit = i < buckets_.size() ? options_.limits[i] : member->shares[i - buckets_.size()].limit;
          if (waiter.charges[i].units <= most_at_once(limit)) continue;
          found.push_back(waiter.id);
          break;
        }
  return found;
}

void Lane::change(std::size_t limit, const Limit& to, Instant now) {
  options_.limits[limit] = to;
  store_.change(buckets_[limit], to, now);
}

// Whoever joins stands where the first of those stands who wait already, less what that one's calls under way have
// reserved and may give back: or the newcomer would wait for all that has been used before it came.
std::int64_t Lane::level(Priority priority) const {
  const Flow* first = awake_.first(tools_, priority);
  return first == nullptr ? served_ : std::min(served_, first->member->settled);
}

void Lane::join(Member& member, Priority priority) {
  if (member.flows.empty()) member.settled = std::max(member.settled, level(priority));
}

void Lane::admitted(Member& member, std::int64_t cost) {
  served_ = std::max(served_, member.settled);
  reserved(member, cost);
}

void Lane::reserved(Member& member, std::int64_t more) {
  member.reserved += more;
  stand_again(member);
}

void Lane::settled(Member& member, std::int64_t reserved_cost, std::int64_t cost) {
  member.reserved -= reserved_cost;
  member.settled += member.scaled(cost);
  stand_again(member);
}

void Lane::audit() const {
  int waiting = 0;
  std::int64_t bytes = 0;
  std::array<Backlog, 2> sums{};
  std::size_t awake = 0, held = 0, in_holds = 0;
  const auto add = [&](Priority priority, const Charges& charges, std::int64_t cost) {
    for (std::size_t i = 0; i < buckets_.size(); ++i) sums[index(priority)].units[i] += charges[i].units;
    sums[index(priority)].cost += cost;
    ++sums[index(priority)].count;
  };
  for (const auto& [client, member] : members_) {
    for (const auto& [key, flow] : member->flows) {
      INVARIANT(!flow.queue.empty() && flow.queue.size() == flow.by_size.size(), "a flow of {} and {}",
                flow.queue.size(), flow.by_size.size());
      INVARIANT(flow.in == (flow.held_by ? &holds_.at(*flow.held_by).order : &awake_),
                "a flow of client {} is neither awake nor held", client);
      INVARIANT(flow.turn.time == member->virtual_time() && flow.turn.place == flow.queue.front().place,
                "client {} stands at {} and not at {}", client, flow.turn.time, member->virtual_time());
      (flow.held_by ? held : awake) += 1;
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
  for (const auto& [bucket, hold] : holds_) {
    INVARIANT(!hold.order.empty(), "bucket {} holds nobody", bucket);
    in_holds += hold.order.size();
  }
  INVARIANT(awake == awake_.size() && held == in_holds, "{} flows are awake, {} held", awake, held);
  INVARIANT(promises_.size() == lapsing_.size(), "{} promises, {} lapse", promises_.size(), lapsing_.size());
  for (const std::size_t i : {0U, 1U}) {
    INVARIANT(
        sums[i].units == backlog_[i].units && sums[i].cost == backlog_[i].cost && sums[i].count == backlog_[i].count,
        "class {}: the backlog is {} calls of {} tokens and not {} of {}", i, sums[i].count, sums[i].cost,
        backlog_[i].count, backlog_[i].cost);
  }
}

}  // namespace weir
