// The gate's inside: shared by gate.cpp, which admits and settles, and gate_questions.cpp, which only looks.
#pragma once

#include <deque>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "limiter/calendar.h"
#include "limiter/gate.h"
#include "limiter/lane.h"
#include "limiter/signals.h"
#include "limiter/slots.h"

namespace weir {

struct Gate::State {
  struct Group {
    Lane lane;
    Signals signals;
    Group(GroupId id, const GroupOptions& options, State& s)
        : lane(options, s.store, s.tools, s.options.aging_bound, s.options.seed + id), signals(id, options) {}
  };
  // One call that asks, or asked.
  struct Asked {
    Who who;
    Member& member;
    Priority priority;
    const Charges& charges;
    std::int64_t cost;
    std::uint64_t caller;
    WaiterId place;
  };

  Gate& gate;
  Loop& loop;
  Store& store;
  GateOptions options;

  Slots slots;
  std::deque<Group> lanes;                        // by GroupId; references stay
  std::vector<Slots> tools{Slots(std::nullopt)};  // by ToolId; 0 has no limit
  std::vector<std::string> tool_names{""};
  std::vector<ClientOptions> clients{ClientOptions{}};  // by ClientId; 0 is nobody
  std::unordered_map<std::string, GroupId> groups;      // by key
  std::unordered_map<std::string, ClientId> client_names;
  std::unordered_map<std::string, ToolId> tool_ids;
  Calendar calendar;
  std::unordered_map<WaiterId, Place> waiting;
  std::set<std::pair<Instant, WaiterId>> deadlines;
  std::vector<WaiterId> displaced;
  std::vector<std::tuple<Priority, std::int64_t, GroupId>> order;  // admit_one()'s own
  WaiterId last_waiter = 0;
  std::int64_t server_time = 0;  // of the lane that was served last
  bool closing = false;

  bool pumping = false, pump_again = false;
  Timer timer;
  Instant timer_at = Instant::max();
  std::int64_t holds = 0;
  Duration mean_hold{};  // how long a slot is held, exponentially averaged: the only guess at when one comes free

  State(Gate& g, Loop& l, Store& s, GateOptions o)
      : gate(g), loop(l), store(s), options(o), slots(o.slots), calendar(s) {}

  void tell(Decision decision) const {
    if (options.observer != nullptr) options.observer->on(decision);
  }
  void turn_days(Instant now) {
    if (!calendar.empty()) calendar.turn(now, loop.wall());
  }

  // The bucket of a limit, under the limit as it is now.
  BucketId bucket(const std::string& group, const Limit& limit, Instant now);
  std::vector<Member::Share> shares(GroupId group, ClientId client);
  // The group's limits are those now, and its members' shares are those of clients.
  void lay_anew(GroupId id, GroupOptions stated, Instant now);
  Member& member(GroupId group, ClientId client);
  Member new_member(GroupId group, ClientId client);
  std::optional<Refusal> never(const Lane& lane, const Member& member, const Charges& charges) const;
  Duration slotless(const Lane& lane, ToolId tool, Instant now) const;
  // Where slots are the obstacle, the mean of how long one is held is the best guess there is.
  Duration slot_wait(const Lane& lane, ToolId tool, std::int64_t ahead) const;
  void name_limit(const Lane& lane, const Member& member, std::size_t charge, Refusal& refusal) const;
  void name_obstacle(const Lane& lane, ToolId tool, Instant now, Refusal& refusal) const;
  Forecast foreseen(const Lane& lane, const Member& member, ToolId tool, const Prediction& prediction,
                    Instant now) const;
  // A refusal that names a wait, and remembers that it did.
  Refusal refusal(Refusal::Reason reason, const Asked& asked, const Prediction& prediction, Instant now);
  // Of its wait, for how long there was a slot.
  Duration throttled(const Lane& lane, const Waiter& waiter, Instant now) const;
  Lease admit(const Who& who, const Estimate& estimate, Duration waited, Duration throttled, Instant now);
  // What the call took, in the end, of all its limits; and of tokens.
  Estimate book(const Lane& lane, const Member& member, const Lease& lease, const Settlement& settlement, Instant now);

  // Takes a waiter out of every table.
  Waiter remove(Place place);
  void refuse(Place place, Refusal::Reason reason, Instant now);
  std::optional<Place> room_for(Lane& lane, const Member& member, const Ask& ask) const;
  void turn_out_displaced(Instant now);
  // Who can never go, since a limit was lowered, is not left to wait for its deadline before all others.
  void turn_out_too_large(const Lane& lane, Instant now);
  bool admit_one(Instant now, Instant& next);
  bool expire_one(Instant now);
  // Does all that can be done now, and sets the one timer for the next instant at which more can. Answers may call back
  // into the gate; what they change is seen by the running pump.
  void pump(std::optional<Instant> as_of = std::nullopt);
};

}  // namespace weir
