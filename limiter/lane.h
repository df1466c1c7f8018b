// A lane: those of one limit group who wait for admission, and those who were refused and told when to come back.
// Order:   whoever is interactive before whoever is batch; between clients by their share (virtual time: tokens taken,
//          over weight); of one client in order of arrival. A smaller call passes a larger one that the group's limits
//          hold up, until that one has waited for the aging bound: never one of a higher class, and only if it would be
//          through by the virtual time at which the larger one would, so that passing takes nobody's share.
//          Whom the limits of his client (or its parent) hold up stands in nobody's way but of those who need the same
//          bucket: for these the same order holds. Whom his tool's slots hold up stands in nobody's way.
// Invariant: every flow that has waiters is either awake or held by one bucket, and stands in that order. Who comes
//          back when told has the old place, and is not turned away by the queue's bounds: so a wait that was named
//          holds.
// Cost:    what happens to one call costs the logarithm of how many wait, and looks at few of them.
// Units:   nanoseconds, tokens or requests as the limits say; cost in tokens.
// Threads: the loop's thread.
// Owner:   the gate. The store and the tools' slots outlive it.
// Source:  start-time fair queueing (Goyal, Vin, Cheng 1996).
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "limiter/charges.h"
#include "limiter/flow.h"
#include "limiter/gate.h"
#include "limiter/pace.h"
#include "limiter/recent.h"
#include "limiter/slots.h"

namespace weir {

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
  // Takes the charges, or says until when that cannot succeed, and which bucket of the client stands in the way; none:
  // the group's limits do.
  struct Attempt {
    std::optional<Instant> ready_at;  // absent: taken
    std::optional<BucketId> client_bucket{};
    std::optional<std::size_t> limit{};  // which of the group's, when it is one of those
  };
  // Who was told to come back, and would go before this one, keeps what he was told: a call of this member and class,
  // of that place (told: it came back itself), waits for him rather than take it.
  struct Asker {
    const Member& member;
    Priority priority = Priority::interactive;
    WaiterId place = 0;
    bool told = false;
  };
  Attempt take(const Asker& asker, const Charges& charges, Instant now);
  // The next to go, whose charges have been taken; else nothing, and `next` is lowered to the instant at which to ask
  // again.
  std::optional<Place> pick(Instant now, Instant& next);

  // For a call that would come now, behind all who go before it; `place`: for one that has its place already.
  Prediction predict(const Member& member, Priority priority, const Charges& charges, Instant now,
                     std::optional<WaiterId> place = std::nullopt) const;

  Place insert(Waiter waiter, Instant now);
  Waiter remove(Place place);
  // Who must make room for one more of this member and class when the queue is full: the last of whoever has most
  // waiting, when that is more than the newcomer's own; or the last of a lower class.
  std::optional<Place> displaced_by(const Member& member, Priority priority);

  // What a waiter was throttled for, by the limits that stood in the way since it came; sums to it. Nothing of nothing.
  std::vector<std::pair<std::string, Duration>> throttled_by(const Waiter& waiter, Duration throttled,
                                                             Instant now) const;
  // There is no slot; or the provider has refused, and is asked slowly.
  void no_slot(Instant now) { obstacles_.is(slots.has() ? std::optional(kPauseObstacle) : std::nullopt, now); }

  // Those who wait and can never go, since a limit was lowered.
  std::vector<WaiterId> too_large() const;

  // Someone was told to come back at `due`; at most `most` are remembered.
  struct Promise {
    WaiterId place = 0;
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

  // Everybody is lifted out, the limits are laid anew, and all stand where they stood. Who was told to come back is
  // forgotten: what he was told holds no more.
  struct Layout {
    GroupOptions options;
    std::vector<BucketId> buckets;     // beside options.limits
    std::vector<std::uint64_t> since;  // calls up to this serial were not charged there
    Duration aging_bound{};
  };
  void lay_anew(Layout layout, const std::function<void(Member&)>& share_anew, const std::function<void(Place)>& stands,
                Instant now);
  std::vector<Member*> members() const;
  const std::vector<std::uint64_t>& since() const { return since_; }
  Duration aging_bound() const { return aging_bound_; }
  // Whether the call of this serial was charged for what is now its charge of that number.
  bool charged(const Member& member, std::size_t charge, std::uint64_t serial) const {
    return serial > (charge < since_.size() ? since_[charge] : member.shares[charge - since_.size()].since);
  }

  // The limit goes on under another amount or burst.
  void change(std::size_t limit, const Limit& to, Instant now);
  // A call of this member was admitted, reserves more, and is over.
  void admitted(Member& member, std::int64_t cost);
  void reserved(Member& member, std::int64_t more);
  void settled(Member& member, std::int64_t reserved_cost, std::int64_t cost);
  // What this member's limits hold may have grown: those whom they hold up are looked at again.
  void rouse(const Member& member);

  void audit() const;

  Slots slots;
  std::int64_t lane_time = 0;  // virtual time between lanes, for the server's slots
  Pace pace;
  Recent recent;

 private:
  // Those whom one bucket of a client holds up.
  struct Hold {
    Order order;
    Instant until = Instant::max();  // when it may let one of those go who were tried last
  };

  void stand(Flow& flow, Order& order);
  void step_out(Flow& flow);  // of the order that it is in
  void stand_again(Member& member);
  bool hold(Flow& flow, BucketId bucket, Instant until, Instant now);  // whether that roused others
  bool rouse(BucketId bucket);
  void rouse_due(Instant now);
  bool aged(const Waiter& waiter, Instant now) const { return waiter.told || now - waiter.arrived >= aging_bound_; }
  // Whether the one who is passed would still be admitted before its deadline, as far as the group's limits go.
  bool leaves_time(const Waiter& passed, const Waiter& passing, Instant now) const;
  std::int64_t finish_of(const Waiter& waiter) const;
  std::optional<BucketId> behind(const Flow& flow, const Waiter& waiter, Instant now) const;
  std::optional<Instant> until_promises_are_kept(const Asker& asker, const Charges& charges, Instant now) const;
  Attempt attempt(const Flow& flow, const Waiter& waiter, Instant now);
  // `held_up_by`: the limit that keeps the head.
  std::optional<Place> pass(const Waiter& head, std::optional<std::size_t> held_up_by, Instant now, Instant& next);
  void join(Member& member, Priority priority);
  std::int64_t level(Priority priority) const;
  void count(Member& member, Priority priority, const Charges& charges, std::int64_t cost, int sign);
  void count_waiting(Member& member, Priority priority, int sign);
  Backlog before(const Flow& flow, WaiterId place) const;

  GroupOptions options_;
  Store& store_;
  std::vector<Slots>& tools_;
  Duration aging_bound_;
  std::vector<BucketId> buckets_;     // beside options_.limits
  std::vector<std::uint64_t> since_;  // the same
  std::unordered_map<ClientId, std::unique_ptr<Member>> members_;
  Order awake_;
  std::unordered_map<BucketId, Hold> holds_;                                   // none is empty
  std::set<std::pair<Instant, BucketId>> rousing_;                             // holds, by `until`
  std::array<std::vector<Member*>, 2> with_backlog_;                           // by priority
  std::array<std::set<std::tuple<int, ClientId, Member*>>, 2> by_waiting_;     // by priority, then how many
  std::array<Backlog, 2> backlog_{};                                           // of all, for the group's buckets
  std::array<std::unordered_map<BucketId, std::int64_t>, 2> ahead_of_client_;  // what waits for a client's bucket
  std::unordered_map<std::uint64_t, Promise> promises_;                        // by caller
  std::set<std::pair<Instant, std::uint64_t>> lapsing_;                        // by when they lapse
  LaneObstacles obstacles_{};                                                  // what keeps the first who is awake
  std::int64_t served_ = 0;  // what the one had taken, over weight, who was admitted with the most
  int waiting_ = 0;
  std::int64_t bytes_waiting_ = 0;
};

}  // namespace weir
