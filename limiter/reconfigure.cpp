// A gate that is told anew what is configured, while calls wait and are in flight: what Gate::reconfigure() does, and
// what of it happens inside a lane.
#include <algorithm>
#include <set>

#include "config/invariant.h"
#include "limiter/gate.h"
#include "limiter/gate_state.h"
#include "limiter/meter.h"

namespace weir {
namespace {

bool kept_alike(const Limit& a, const Limit& b) { return a.shape == b.shape && a.per == b.per && a.zone == b.zone; }

// What has been taken of one says nothing about what has been taken of the other.
bool of_other_kind(const Limit& a, const Limit& b) { return (a.unit == Unit::requests) != (b.unit == Unit::requests); }

// Whether who was charged for one of them can settle with the other.
bool charged_alike(const Limit& a, const Limit& b) { return a.unit == b.unit && kept_alike(a, b); }

std::set<BucketId> buckets_of(const Lane& lane) {
  std::set<BucketId> all(lane.buckets().begin(), lane.buckets().end());
  for (const Member* member : lane.members())
    for (const Member::Share& share : member->shares) all.insert(share.bucket);
  return all;
}

}  // namespace

BucketId Gate::State::bucket(const std::string& group, const Limit& limit, Instant now) {
  const BucketId bucket = store.open(group, limit);
  const Limit before = store.limit(bucket);
  const bool anew = !kept_alike(before, limit) || of_other_kind(before, limit);
  const std::int64_t taken = anew && !of_other_kind(before, limit) ? store.taken(bucket, now) : 0;
  if (anew) {
    calendar.remove(bucket);
    store.renew(bucket, limit);
  } else if (before != limit) {
    store.change(bucket, limit, now);
  }
  if (limit.shape == Shape::calendar) calendar.add(bucket, limit.zone, now, loop.wall());
  if (taken > 0) store.tighten(bucket, whole(limit) - taken, now);
  return bucket;
}

std::vector<Member::Share> Gate::State::shares(GroupId group, ClientId client) {
  std::vector<Member::Share> shares;
  const auto add = [&](ClientId of) {
    const ClientOptions& owner = clients.at(of);
    const auto special = owner.limits_of.find(group);
    for (const Limit& limit : special != owner.limits_of.end() ? special->second : owner.limits)
      shares.push_back({bucket(lanes[group].lane.options().key + '\0' + owner.name, limit, loop.now()), limit, of});
  };
  if (client == 0) return shares;
  add(client);
  if (const auto parent = clients.at(client).parent) add(*parent);
  return shares;
}

void Gate::State::lay_anew(GroupId id, GroupOptions stated, Instant now) {
  Lane& lane = lanes[id].lane;
  const std::uint64_t last = lane.recent.last();
  const std::set<BucketId> before = buckets_of(lane);
  Lane::Layout layout{.options = std::move(stated), .buckets = {}, .since = {}, .aging_bound = options.aging_bound};
  for (const Limit& limit : layout.options.limits) {
    const auto& old = lane.options().limits;
    const auto same = std::find_if(old.begin(), old.end(), [&](const Limit& one) { return one.name == limit.name; });
    layout.since.push_back(same != old.end() && charged_alike(*same, limit)
                               ? lane.since()[static_cast<std::size_t>(same - old.begin())]
                               : last);
    layout.buckets.push_back(bucket(layout.options.key, limit, now));
  }
  const auto share_anew = [&](Member& member) {
    const std::vector<Member::Share> old = std::move(member.shares);
    member.shares = shares(id, member.client);
    for (Member::Share& share : member.shares) {
      const auto same =
          std::find_if(old.begin(), old.end(), [&](const Member::Share& one) { return one.bucket == share.bucket; });
      share.since = same != old.end() && charged_alike(same->limit, share.limit) ? same->since : last;
    }
    if (member.client == 0) return;
    member.parent = clients.at(member.client).parent.value_or(0);
    member.weight = clients.at(member.client).weight;
  };
  lane.lay_anew(
      std::move(layout), share_anew, [&](Place place) { waiting[place->id] = place; }, now);
  const std::set<BucketId> after = buckets_of(lane);
  for (const BucketId gone : before)
    if (!after.contains(gone)) calendar.remove(gone);
}

void Gate::reconfigure(const GateChange& change) {
  auto& s = *state_;
  INVARIANT(!s.pumping && change.options.slots >= 1 && change.options.queue_limit >= 0, "slots {}, queue_limit {}",
            change.options.slots, change.options.queue_limit);
  const Instant now = s.loop.now();
  s.turn_days(now);
  const GateOptions before = s.options;
  s.options = change.options;
  s.options.observer = before.observer;
  s.options.seed = before.seed;
  s.slots.change(change.options.slots, now);

  for (const ToolOptions& tool : change.tools)
    if (const auto known = s.tool_ids.find(tool.name); known != s.tool_ids.end())
      s.tools[known->second].change(tool.slots, now);

  std::set<ClientId> changed;
  for (const ClientOptions& client : change.clients) {
    const ClientId id = this->client(client);
    if (s.clients[id] == client) continue;
    s.clients[id] = client;
    changed.insert(id);
  }
  // A group that this makes has its limits already.
  std::map<GroupId, const GroupOptions*> stated;
  for (const GroupOptions& options : change.groups) stated[group(options)] = &options;

  std::vector<GroupId> laid;
  for (GroupId id = 0; id < s.lanes.size(); ++id) {
    auto& [lane, signals] = s.lanes[id];
    GroupOptions options = lane.options();
    if (const auto found = stated.find(id); found != stated.end()) {
      options = *found->second;
      options.limits = signals.restate(options, lane.options().limits);
    }
    const auto members = lane.members();
    const bool others = std::any_of(members.begin(), members.end(), [&](const Member* member) {
      return changed.contains(member->client) || changed.contains(member->parent);
    });
    if (!others && options == lane.options() && lane.aging_bound() == s.options.aging_bound) continue;
    s.lay_anew(id, std::move(options), now);
    laid.push_back(id);
  }
  // Whoever is told may come again: so only when all is as it shall be.
  for (const GroupId id : laid) s.turn_out_too_large(s.lanes[id].lane, now);
  s.pump();
}

std::vector<Member*> Lane::members() const {
  std::vector<Member*> all;
  all.reserve(members_.size());
  for (const auto& [client, member] : members_) all.push_back(member.get());
  return all;
}

void Lane::lay_anew(Layout layout, const std::function<void(Member&)>& share_anew,
                    const std::function<void(Place)>& stands, Instant now) {
  while (!promises_.empty()) redeem(promises_.begin()->first, now);
  std::vector<Place> places;
  // Who joins again stands no further back than before.
  std::vector<std::pair<Member*, std::int64_t>> stood;
  for (const auto& [client, member] : members_) {
    for (auto& [key, flow] : member->flows)
      for (Place place = flow.queue.begin(); place != flow.queue.end(); ++place) places.push_back(place);
    if (!member->flows.empty()) stood.emplace_back(member.get(), member->settled);
  }
  std::vector<Waiter> lifted;
  lifted.reserve(places.size());
  for (const Place place : places) lifted.push_back(remove(place));
  std::sort(lifted.begin(), lifted.end(), [](const Waiter& a, const Waiter& b) { return a.place < b.place; });
  for (auto& ahead : ahead_of_client_) ahead.clear();

  std::vector<std::optional<std::size_t>> from;
  for (const Limit& limit : layout.options.limits) {
    const auto& old = options_.limits;
    const auto same = std::find_if(old.begin(), old.end(), [&](const Limit& one) { return one.name == limit.name; });
    from.push_back(same == old.end() ? std::nullopt : std::optional(static_cast<std::size_t>(same - old.begin())));
  }
  pace.relimit(from);
  slots.change(layout.options.slots, now);
  options_ = std::move(layout.options);
  obstacles_ = {};
  buckets_ = std::move(layout.buckets);
  since_ = std::move(layout.since);
  aging_bound_ = layout.aging_bound;
  INVARIANT(options_.limits.size() <= kLimitsMax && buckets_.size() == options_.limits.size() &&
                since_.size() == buckets_.size(),
            "{} limits in {} buckets", options_.limits.size(), buckets_.size());
  for (const auto& [client, member] : members_) share_anew(*member);

  for (Waiter& waiter : lifted) {
    waiter.charges = charges(*members_.at(waiter.who.client), waiter.estimate);
    stands(insert(std::move(waiter), now));
  }
  for (const auto& [member, settled] : stood) {
    member->settled = settled;
    stand_again(*member);
  }
}

}  // namespace weir
