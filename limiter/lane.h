// A lane: those of one limit group who wait for admission, and those who were refused and told when to come back.
// Order:   whoever is interactive before whoever is batch; between clients by their share (virtual time: tokens taken,
// over
//          weight); of one client in order of arrival. A smaller call passes a larger one that its group's limits hold
//          up, until that one has waited for the aging bound; never one of a higher class. Whom his own limits or his
//          tool's slots hold up stands in nobody's way: he sleeps until they can let him go.
// Invariant: every flow that has waiters is either awake (ranked) or asleep. Who comes back when told has the old
// place, and
//          is not turned away by the queue's bounds: so a wait that was named holds.
// Shape:   a member is a client on this group; a flow is what a member asks of one tool at one priority.
// Units:   nanoseconds, tokens or requests as the limits say; cost and virtual time in tokens.
// Threads: the loop's thread.
// Owner:   the gate. The store and the tools' slots outlive it.
// Source:  start-time fair queueing (Goyal, Vin, Cheng 1996).
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "limiter/charges.h"
#include "limiter/gate.h"
#include "limiter/pace.h"
#include "limiter/recent.h"
#include "limiter/slots.h"

namespace weir {

using WaiterId = std::uint64_t;  // also the order of arrival

struct Flow;
struct Member;

struct Waiter {
  WaiterId id = 0;
  Who who;
  Priority priority = Priority::interactive;
  Estimate estimate;
  Charges charges;
  std::int64_t cost = 0;
  std::int64_t bytes = 0;
  std::uint64_t caller = 0;
  Instant arrived, deadline;
  Duration slotless{};  // for how long there had been no slot when it came
  std::function<void(Admission)> done;
  Flow* flow = nullptr;
};
using Place = std::list<Waiter>::iterator;

// What waits, or has been told to come back: of one member at one priority.
struct Backlog {
  std::array<std::int64_t, kLimitsMax> units{};  // beside the group's limits
  std::int64_t cost = 0;
  int count = 0;
};

// Of which flows, in which order.
struct Rank {
  Priority priority;
  std::int64_t first, second;  // virtual time and arrival; or size and arrival
  Flow* flow;
  bool operator<(const Rank& other) const {
    return std::tie(priority, first, second) < std::tie(other.priority, other.first, other.second);
  }
};

struct Flow {
  Member* member = nullptr;
  Priority priority = Priority::interactive;
  ToolId tool = 0;
  std::list<Waiter> queue;                                     // by id
  std::map<std::pair<std::int64_t, WaiterId>, Place> by_size;  // the same, by cost
  std::optional<Instant> asleep_until;
  std::optional<Rank> turn, size;  // as they stand in the lane's tables, when awake
};

struct Member {
  struct Share {
    BucketId bucket = 0;
    Limit limit;  // as configured
    ClientId of = 0;
  };
  ClientId client = 0, parent = 0;  // parent 0: none
  int weight = 1;
  std::vector<Share> shares;  // the client's limits on this group, then its parent's
  std::int64_t virtual_time = 0;
  std::array<Backlog, 2> backlog{};  // by priority
  std::map<std::pair<Priority, ToolId>, Flow> flows;
};

// When a call would be admitted, were slots no obstacle; which of its charges it would wait for; and how many go before
// it.
struct Prediction {
  Instant at;
  std::optional<std::size_t> charge;
  std::int64_t ahead = 0;
};

class Lane {
 public:
  // `random` seeds the jitter of pauses.
  Lane(GroupOptions options, Store& store, std::vector<Slots>& tools, Duration aging_bound, std::uint64_t random);

  const GroupOptions& options() const { return options_; }
  const std::vector<BucketId>& buckets() const { return buckets_; }
  int waiting() const { return waiting_; }
  std::int64_t bytes_waiting() const { return bytes_waiting_; }
  bool has_slot() const { return slots.has() && pace.has_room(); }

  Member& member(ClientId client, const std::function<Member()>& make);
  Charges charges(const Member& member, const Estimate& estimate) const;
  // Whether anybody might be admitted now, had they a slot: the class of the first, or nothing.
  std::optional<Priority> first_class(Instant now);
  // Takes the charges, or says until when that cannot succeed, and whether it is the group's limits that stand in the
  // way.
  struct Attempt {
    std::optional<Instant> ready_at;  // absent: taken
    bool by_group = false;
  };
  Attempt take(const Charges& charges, Instant now);
  // The next to go, whose charges have been taken; else nothing, and `next` is lowered to the instant at which to ask
  // again.
  std::optional<Place> pick(Instant now, Instant& next);

  // For a call that would come now, behind all who go before it; `place`: for one that has its place already.
  Prediction predict(const Member& member, Priority priority, const Charges& charges, Instant now,
                     std::optional<WaiterId> place = std::nullopt) const;

  Place insert(Waiter waiter);
  Waiter remove(Place waiter);
  // Who must make room for one more of this member and class when the queue is full: the last of whoever has most
  // waiting, when that is more than the newcomer's own; or the last of a lower class.
  std::optional<Place> displaced_by(const Member& member, Priority priority);

  // Someone was told to come back at `due`; at most `most` are remembered.
  struct Promise {
    WaiterId id = 0;
    std::uint64_t caller = 0;
    Member* member = nullptr;
    Priority priority = Priority::interactive;
    Charges charges{};
    std::int64_t cost = 0;
    Instant due{}, expires{};
  };
  void promise(Promise promise, std::size_t most, Instant now);
  // The promise that was made to this caller, if it has not lapsed; it is forgotten.
  std::optional<Promise> redeem(std::uint64_t caller, Instant now);
  std::size_t promises() const { return promises_.size(); }
  void forget_lapsed(Instant now);

  // The limit goes on under another amount or burst.
  void change(std::size_t limit, const Limit& to, Instant now);
  // A call of this member was admitted, or has turned out to cost more or less.
  void charge_time(Member& member, std::int64_t cost, bool admitted);
  // What this client's (or parent's) limits hold may have grown: those whom they hold up are looked at again.
  void wake_client(ClientId client);
  void wake_tool(ToolId tool);

  void audit() const;

  Slots slots;
  std::int64_t lane_time = 0;  // virtual time between lanes, for the server's slots
  Pace pace;
  Recent recent;

 private:
  void rank(Flow& flow);    // as it stands now
  void unrank(Flow& flow);  // takes it out of all tables
  void rank_all(Member& member);
  void sleep(Flow& flow, Instant until);
  void wake_due(Instant now);
  bool aged(const Waiter& waiter, Instant now) const { return now - waiter.arrived >= aging_bound_; }
  std::optional<Place> pick_smaller(Priority priority, Instant now, Instant& next);
  void count(Member& member, Priority priority, const Charges& charges, std::int64_t cost, int sign);

  GroupOptions options_;
  Store& store_;
  std::vector<Slots>& tools_;
  const Duration aging_bound_;
  std::vector<BucketId> buckets_;  // beside options_.limits
  std::unordered_map<ClientId, std::unique_ptr<Member>> members_;
  std::unordered_map<ClientId, std::vector<Member*>> of_parent_;
  std::set<Rank> by_turn_, by_size_;  // the flows that are awake
  std::set<std::pair<Instant, Flow*>> asleep_;
  std::array<std::set<Member*>, 2> waiters_of_;                 // members with a backlog, by priority
  std::array<Backlog, 2> backlog_{};                            // of all of them
  std::unordered_map<BucketId, std::int64_t> ahead_of_client_;  // what waits for a client's or a parent's bucket
  std::unordered_map<std::uint64_t, Promise> promises_;         // by caller
  std::set<std::pair<Instant, std::uint64_t>> lapsing_;         // by when they lapse
  std::int64_t virtual_time_ = 0;
  int waiting_ = 0;
  std::int64_t bytes_waiting_ = 0;
};

}  // namespace weir
