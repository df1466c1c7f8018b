// What a lane foretells, and those whom it was foretold to: predictions, promises, and who makes room.
#include <algorithm>

#include "limiter/lane.h"

namespace weir {
namespace {

__extension__ using Wide = __int128;

// Of those who come back first. Looking at more would cost more than the few promises further on that may be late.
constexpr int kPromisesLookedAt = 64;
// Of clients that wait; of more, so many are looked at and stand for the others.
constexpr std::size_t kOthersMax = 256;

// A part of a count; most are small enough to be told apart from those that need wide arithmetic.
std::int64_t part_of(std::int64_t units, std::int64_t part, std::int64_t whole) {
  std::int64_t product = 0;
  if (!__builtin_mul_overflow(units, part, &product)) return product / whole;
  return static_cast<std::int64_t>(static_cast<Wide>(units) * part / whole);
}

std::size_t index(Priority priority) { return static_cast<std::size_t>(priority); }

}  // namespace

// Of a flow, what goes before a place: counted from the nearer end.
Backlog Lane::before(const Flow& flow, WaiterId place) const {
  Backlog front, back = flow.backlog;
  auto forward = flow.queue.begin();
  auto backward = flow.queue.rbegin();
  while (forward != flow.queue.end() && forward->place < place) {
    if (backward->place < place) return back;
    front.add(forward->charges, forward->cost, 1);
    back.add(backward->charges, backward->cost, -1);
    ++forward;
    ++backward;
  }
  return front;
}

Prediction Lane::predict(const Member& member, Priority priority, const Charges& charges, Instant now,
                         std::optional<WaiterId> place) const {
  std::array<std::int64_t, 3 * kLimitsMax> ahead{};
  Prediction prediction{now, std::nullopt, 0};
  const std::size_t limits = buckets_.size();
  const auto add = [&](const Backlog& backlog) {
    for (std::size_t i = 0; i < limits; ++i) ahead[i] += backlog.units[i];
    prediction.ahead += backlog.count;
  };
  for (std::size_t above = 0; above < index(priority); ++above) add(backlog_[above]);

  std::int64_t own_cost = 0;
  if (place) {
    for (const auto& [key, flow] : member.flows) {
      if (key.first != priority) continue;
      const Backlog own = before(flow, *place);
      add(own);
      own_cost += own.cost;
      for (std::size_t i = limits; i < charges.size(); ++i) ahead[i] += own.units[i];
    }
  } else {
    const Backlog& own = member.backlog[index(priority)];
    add(own);
    own_cost = own.cost;
    for (std::size_t i = limits; i < charges.size(); ++i)
      for (std::size_t above = 0; above <= index(priority); ++above)
        if (const auto waiting = ahead_of_client_[above].find(charges[i].bucket);
            waiting != ahead_of_client_[above].end())
          ahead[i] += waiting->second;
  }
  // What others will have been given by the virtual time at which this one's turn comes.
  const std::int64_t stands = member.flows.empty()
                                  ? std::max(member.settled, level(priority)) + member.scaled(member.reserved)
                                  : member.virtual_time();
  const std::int64_t begins = stands + member.scaled(own_cost);
  const auto& all = with_backlog_[index(priority)];
  const std::size_t looked_at = std::min(all.size(), kOthersMax);
  std::array<std::int64_t, kLimitsMax> others{};
  std::int64_t count = 0, seen = 0;
  for (std::size_t k = 0; k < looked_at; ++k) {
    const Member* other = all[looked_at == all.size() ? k : k * all.size() / looked_at];
    if (other == &member) continue;
    ++seen;
    const Backlog& backlog = other->backlog[index(priority)];
    const Wide until = static_cast<Wide>(begins - other->virtual_time()) * other->weight / 1024;
    // All whose turns begin no later; of equals, those who have come already.
    if (until < 0 || (until == 0 && place) || backlog.cost <= 0) continue;
    const std::int64_t calls =
        static_cast<std::int64_t>(std::min<Wide>(until * backlog.count / backlog.cost + 1, backlog.count));
    for (std::size_t i = 0; i < limits; ++i) others[i] += part_of(backlog.units[i], calls, backlog.count);
    count += calls;
  }
  if (seen > 0) {
    const bool is_one_of_them = member.backlog[index(priority)].count > 0;
    const auto there_are = static_cast<std::int64_t>(all.size()) - (is_one_of_them ? 1 : 0);
    const auto times = [&](std::int64_t units) { return part_of(units, there_are, seen); };
    for (std::size_t i = 0; i < limits; ++i) ahead[i] += times(others[i]);
    prediction.ahead += times(count);
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

// When a promise that this call would break has been kept, or has lapsed; nothing, if it breaks none.
std::optional<Instant> Lane::until_promises_are_kept(const Asker& asker, const Charges& charges, Instant now) const {
  std::array<std::int64_t, kLimitsMax> ahead{};
  for (std::size_t i = 0; i < buckets_.size(); ++i) ahead[i] = charges[i].units;
  int looked_at = 0;
  for (const auto& [lapses, caller] : lapsing_) {
    if (++looked_at > kPromisesLookedAt) break;
    const Promise& promise = promises_.at(caller);
    const bool goes_before =
        promise.priority < asker.priority ||
        (promise.priority == asker.priority &&
         (promise.member == &asker.member ? promise.place < asker.place
                                          : promise.member->virtual_time() < asker.member.virtual_time()));
    if (!goes_before || lapses <= now) continue;
    for (std::size_t i = 0; i < buckets_.size(); ++i) {
      const std::int64_t units = promise.charges[i].units;
      if (units > 0 && charges[i].units > 0) {
        const Instant ready = store_.ready_at(buckets_[i], units, now, ahead[i]);
        if (ready > std::max(promise.due, now)) return std::min(lapses, ready);
      }
      ahead[i] += units;
    }
  }
  return std::nullopt;
}

void Lane::count(Member& member, Priority priority, const Charges& charges, std::int64_t cost, int sign) {
  Backlog& own = member.backlog[index(priority)];
  own.add(charges, cost, sign);
  Backlog& all = backlog_[index(priority)];
  for (std::size_t i = 0; i < buckets_.size(); ++i) all.units[i] += sign * charges[i].units;
  all.cost += sign * cost;
  all.count += sign;
  for (std::size_t i = buckets_.size(); i < charges.size(); ++i)
    ahead_of_client_[index(priority)][charges[i].bucket] += sign * charges[i].units;
  auto& listed = with_backlog_[index(priority)];
  if (sign > 0 && own.count == 1) {
    member.listed_at[index(priority)] = listed.size();
    listed.push_back(&member);
  } else if (own.count == 0) {
    const std::size_t at = member.listed_at[index(priority)];
    listed[at] = listed.back();
    listed[at]->listed_at[index(priority)] = at;
    listed.pop_back();
  }
}

void Lane::count_waiting(Member& member, Priority priority, int sign) {
  auto& ranked = by_waiting_[index(priority)];
  int& waiting = member.waiting[index(priority)];
  ranked.erase({waiting, member.client, &member});
  waiting += sign;
  waiting_ += sign;
  if (waiting > 0) ranked.insert({waiting, member.client, &member});
}

std::optional<Place> Lane::displaced_by(const Member& member, Priority priority) {
  for (const Priority victims : {Priority::batch, Priority::interactive}) {
    if (victims < priority) break;
    const auto& ranked = by_waiting_[index(victims)];
    if (ranked.empty()) continue;
    const auto& [waiting, client, most] = *ranked.rbegin();
    // Of equals, who has as many as the newcomer would have, or one more, is not turned out: that would go on for ever.
    if (victims == priority && waiting <= member.waiting[index(priority)] + 1) continue;
    std::optional<Place> last;
    for (auto& [key, flow] : most->flows)
      if (key.first == victims && (!last || flow.queue.back().place > (*last)->place))
        last = std::prev(flow.queue.end());
    return last;
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

// In proportion to how long each stood in the way: that may be longer than the call was throttled, because there was no
// slot meanwhile, or shorter, because limits were laid anew.
std::vector<std::pair<std::string, Duration>> Lane::throttled_by(const Waiter& waiter, Duration throttled,
                                                                 Instant now) const {
  std::vector<std::pair<std::string, Duration>> result;
  if (throttled <= Duration::zero()) return result;
  const auto add = [&](const std::string& limit, Duration span) {
    if (span <= Duration::zero()) return;
    const auto same = std::find_if(result.begin(), result.end(), [&](const auto& one) { return one.first == limit; });
    if (same == result.end())
      result.emplace_back(limit, span);
    else
      same->second += span;
  };
  const FlowObstacles::Times of_flow = waiter.flow->obstacles.read(now);
  const auto& shares = waiter.flow->member->shares;
  for (std::size_t i = 0; i < shares.size(); ++i) add(shares[i].limit.name, of_flow[i] - waiter.of_flow[i]);
  const LaneObstacles::Times of_lane = obstacles_.read(now);
  for (std::size_t i = 0; i < options_.limits.size(); ++i) add(options_.limits[i].name, of_lane[i] - waiter.of_lane[i]);
  add("pause", of_lane[kPauseObstacle] - waiter.of_lane[kPauseObstacle]);
  if (result.empty()) return {{"queue", throttled}};  // others went before it

  Duration together{}, given{};
  for (const auto& [limit, span] : result) together += span;
  auto longest = result.begin();
  for (auto each = result.begin(); each != result.end(); ++each) {
    if (each->second > longest->second) longest = each;
  }
  const auto index = longest - result.begin();
  for (auto& [limit, span] : result) {
    span = Duration(static_cast<std::int64_t>(static_cast<Wide>(span.count()) * throttled.count() / together.count()));
    given += span;
  }
  result[static_cast<std::size_t>(index)].second += throttled - given;
  std::erase_if(result, [](const auto& one) { return one.second == Duration::zero(); });
  return result;
}

}  // namespace weir
