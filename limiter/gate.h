// The Gate is the single admission: the server's slot, the group's, the tool's, and every bucket of the group, of the
// client and of its parent, together or not at all. Nothing is held while waiting. Each limit group is a lane of its
// own, so an exhausted model never stands before another; lane.h says in which order those of a lane go. No polling:
// one timer, set to the next instant at which something can happen.
// Invariant: free + taken slots are what was configured; a call is answered exactly once; refusing costs nothing.
// Shape:   group(), client(), tool() once each, then enter() per call. The answer is a Lease or a Refusal (see
//          limit.h). Client 0 is nobody in particular: no limits, weight 1. Tool 0 has no limit of its own.
// Units:   tokens in Estimate; bytes is what the caller holds in memory while waiting.
// Errors:  none; a Refusal is an outcome.
// Threads: the loop's thread.
// Owner:   the caller owns the Ticket; destroying it while waiting removes the call, silently.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "config/priority.h"
#include "limiter/lease.h"
#include "limiter/limit.h"
#include "limiter/loop.h"
#include "limiter/observer.h"
#include "limiter/store.h"

namespace weir {

using Admission = std::variant<Lease, Refusal>;

struct GateOptions {
  int slots = 8;  // calls in flight, all groups together; >= 1
  // Of each group, so that the waiters of one never fill the queue of another.
  int queue_limit = 64;  // calls waiting; >= 0. Those that come back when told (1,024 at most) may exceed it
  std::int64_t queue_bytes = 64 << 20;  // bytes that waiting calls hold
  Duration max_wait = std::chrono::seconds(30);
  Duration aging_bound = std::chrono::seconds(5);  // how long a large call may be passed by smaller ones
  Observer* observer = nullptr;
  std::uint64_t seed = 1;  // of the jitter in pauses
};

// Eight limits to a table are enough for any provider, and keep a call's charges in one small array.
inline constexpr std::size_t kLimitsMax = 8;

struct GroupOptions {
  std::string key;                   // the account and model: equal keys are one group
  std::string name;                  // what refusals call it
  std::optional<int> slots;          // calls in flight for this group; absent = only the server's
  std::vector<Limit> limits;         // distinct names; at most kLimitsMax
  bool adopt_higher_limits = false;  // whether the provider may raise a limit above what is stated here
  bool operator==(const GroupOptions&) const = default;
};

struct ClientOptions {
  std::string name;                                 // equal names are one client
  std::optional<ClientId> parent;                   // whose limits are charged too; one level
  int weight = 1;                                   // its share beside other clients that wait; >= 1
  std::vector<Limit> limits;                        // of each group: a bucket per group and limit
  std::map<GroupId, std::vector<Limit>> limits_of;  // instead, for single groups
  bool operator==(const ClientOptions&) const = default;
};

struct ToolOptions {
  std::string name;
  std::optional<int> slots;  // calls in flight of this tool
};

// What a gate is told anew while it runs. What is not named in it goes on as it was; observer and seed do not change.
struct GateChange {
  GateOptions options{};
  std::vector<GroupOptions> groups{};  // by key
  std::vector<ClientOptions> clients{};
  std::vector<ToolOptions> tools{};
};

struct Ask {
  GroupId group = 0;
  ClientId client = 0;
  ToolId tool = 0;
  Priority priority = Priority::interactive;
  Estimate estimate;
  std::int64_t bytes = 0;
  std::optional<Instant> deadline;  // the caller's; max_wait applies beside it
  // Who asks for what: by this number a call that was refused is known when it asks again; 0 = not.
  std::uint64_t caller = 0;
};

struct GateState {  // for questions and tests
  int slots_taken = 0, waiting = 0;
  std::int64_t bytes_waiting = 0;
};

struct LimitState {
  Limit limit;             // as it is in force
  std::int64_t level = 0;  // what is left at once; below zero = debt
  Refusal::Scope of = Refusal::Scope::model;
  std::string scope{};                   // whose: the group's name, or the client's
  std::optional<Duration> closed_for{};  // the provider said: not before
};

// How long a call would wait, and for what; wait absent: it never fits, `largest` would.
struct Forecast {
  std::optional<Duration> wait;
  Refusal::Scope of = Refusal::Scope::model;
  std::string scope, limit;  // empty: it would go at once
  std::optional<std::int64_t> largest;
};

class Gate {
 public:
  // A place in the queue. Empty once answered.
  class Ticket;

  Gate(Loop& loop, Store& store, GateOptions options);
  ~Gate();
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  GroupId group(const GroupOptions& options);
  ClientId client(const ClientOptions& options);
  ToolId tool(const ToolOptions& options);
  // Takes effect at once, as a whole. What has been taken of a limit stays taken, whatever amount, burst or shape it
  // has now; one that is new starts full, and one that is gone is forgotten. Who waits goes on waiting, unless he can
  // never go any more; who has been admitted settles with the limits that he was charged to, as far as they are there.
  void reconfigure(const GateChange& change);
  // Answers through `done`: at once, inside this call, or later from the loop; never if the ticket is destroyed before.
  [[nodiscard]] Ticket enter(const Ask& ask, std::function<void(Admission)> done);
  // Refuses everyone who waits, and everyone who comes, as `closing`. Leases stay valid.
  void close();

  GateState state() const;
  GateState state(GroupId group) const;
  // Of the group, then of the client and of its parent on this group.
  std::vector<LimitState> limits(GroupId group, ClientId client = 0) const;
  // Of a call that would come now. Exact as far as limits go and nobody who is to go before it comes; where slots are
  // the obstacle, a guess. `ask` as for enter(); its deadline and caller do not matter.
  Forecast forecast(const Ask& ask) const;
  // How long the group is closed for because its provider said so; zero = open.
  Duration paused_for(GroupId group) const;
  const GateOptions& options() const;
  // Dies if what is counted twice differs: for tests, and for debug builds, which call it after every decision.
  void audit() const;

 private:
  friend class Lease;
  void settle(const Lease& lease, const Settlement& settlement);
  void top_up(const Lease& lease, const Estimate& raised);
  void leave(std::uint64_t waiter);
  struct State;
  std::unique_ptr<State> state_;
};

class Gate::Ticket {
 public:
  Ticket() = default;
  Ticket(Ticket&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)), id_(other.id_) {}
  Ticket& operator=(Ticket&& other) noexcept {
    if (this != &other) {
      cancel();
      gate_ = std::exchange(other.gate_, nullptr);
      id_ = other.id_;
    }
    return *this;
  }
  ~Ticket() { cancel(); }
  void cancel();  // leaves the queue if still waiting; its `done` will not be called
  // How long it will wait from now on, and for what; nothing when it waits no more.
  std::optional<Forecast> forecast() const;

 private:
  friend class Gate;
  Ticket(Gate& gate, std::uint64_t id) : gate_(&gate), id_(id) {}
  Gate* gate_ = nullptr;
  std::uint64_t id_ = 0;
};

}  // namespace weir
