// Those who wait, as a lane keeps them. A member is a client on this lane's group; a flow is what a member asks of one
// tool at one priority; a waiter is one call of it. An order is a set of flows, sorted by whose turn it is.
// Units:   tokens or requests as the limits say; cost in tokens; virtual time in 1,024ths of a token over the weight.
// Threads: the loop's thread.
// Owner:   members own their flows, flows their waiters; an order owns nothing.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include "limiter/charges.h"
#include "limiter/gate.h"
#include "limiter/obstacles.h"
#include "limiter/slots.h"

namespace weir {

using WaiterId = std::uint64_t;

struct Flow;
struct Member;

// Of a lane: its limits, then the provider's pauses. Of a flow: the shares of its member.
using LaneObstacles = Obstacles<kLimitsMax + 1>;
using FlowObstacles = Obstacles<2 * kLimitsMax>;
inline constexpr std::size_t kPauseObstacle = kLimitsMax;

struct Waiter {
  WaiterId id = 0;     // its own, never used again
  WaiterId place = 0;  // the order of arrival: who comes back has the old one
  Who who;
  Priority priority = Priority::interactive;
  Estimate estimate;
  Charges charges;
  std::int64_t cost = 0;
  std::int64_t bytes = 0;
  std::uint64_t caller = 0;
  Instant arrived, deadline;
  bool told = false;    // it came back when it was told to: nobody passes it any more
  Duration slotless{};  // for how long there had been no slot when it came
  std::function<void(Admission)> done;
  Flow* flow = nullptr;
  LaneObstacles::Times of_lane{};  // as they stood when it came
  FlowObstacles::Times of_flow{};
};
using Place = std::list<Waiter>::iterator;

// What some calls ask for together.
struct Backlog {
  std::array<std::int64_t, 3 * kLimitsMax> units{};  // beside a call's charges
  std::int64_t cost = 0;
  std::int64_t count = 0;
  void add(const Charges& charges, std::int64_t of_cost, int sign) {
    for (std::size_t i = 0; i < charges.size(); ++i) units[i] += sign * charges[i].units;
    cost += sign * of_cost;
    count += sign;
  }
};

// A turn: virtual time and place. A finish: the virtual time at which the smallest waiter would be through, and its
// place.
struct Rank {
  Priority priority = Priority::interactive;
  std::int64_t time = 0;
  WaiterId place = 0;
  Flow* flow = nullptr;
  bool operator<(const Rank& other) const {
    return std::tie(priority, time, place) < std::tie(other.priority, other.time, other.place);
  }
};

class Order;

struct Flow {
  Member* member = nullptr;
  Priority priority = Priority::interactive;
  ToolId tool = 0;
  std::list<Waiter> queue;                                     // by place
  std::map<std::pair<std::int64_t, WaiterId>, Place> by_size;  // the same, by cost
  Backlog backlog;                                             // of all of them
  Order* in = nullptr;
  Rank turn, finish;                    // as they stand in that order
  std::optional<BucketId> held_by;      // in that bucket's order, not among those who are awake
  std::optional<BucketId> roused_from;  // was held by it, and has not been tried since
  FlowObstacles obstacles{};
};

struct Member {
  struct Share {
    BucketId bucket = 0;
    Limit limit;  // as configured
    ClientId of = 0;
    std::uint64_t since = 0;  // calls of the lane up to this serial were not charged here
    bool operator==(const Share&) const = default;
  };
  ClientId client = 0, parent = 0;  // parent 0: none
  int weight = 1;
  std::vector<Share> shares;  // the client's limits on this group, then its parent's
  // Virtual time, in two parts: what calls have taken that are over, and what those under way have reserved (tokens).
  std::int64_t settled = 0, reserved = 0;
  std::array<Backlog, 2> backlog{};        // by priority: what waits, and what was told to come back
  std::array<int, 2> waiting{};            // by priority: what waits
  std::array<std::size_t, 2> listed_at{};  // by priority: the place among those with a backlog
  std::map<std::pair<Priority, ToolId>, Flow> flows;

  std::int64_t scaled(std::int64_t cost) const { return cost * 1024 / weight; }
  std::int64_t virtual_time() const { return settled + scaled(reserved); }
};

// Flows apart by tool, so that those of a tool without a slot are stepped over together.
class Order {
 public:
  void insert(Flow& flow);
  static void erase(Flow& flow);  // from the order that it is in, if any
  bool empty() const { return tools_.empty(); }
  std::size_t size() const;
  // Whose turn it is, of those whose tool has a slot; nobody: null.
  Flow* first(const std::vector<Slots>& tools) const;
  // The first of them of one class.
  Flow* first(const std::vector<Slots>& tools, Priority priority) const;
  // The earliest finish of that class after this one, of those whose tool has a slot.
  Flow* next_to_finish(const Rank& after, Priority priority, const std::vector<Slots>& tools) const;
  // Of each tool the first, and the first of its class to finish.
  std::vector<Flow*> tops() const;

 private:
  struct Sets {
    std::set<Rank> by_turn, by_finish;
  };
  std::map<ToolId, Sets> tools_;  // with at least one flow
};

}  // namespace weir
