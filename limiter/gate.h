// The Gate is the single admission: the server's slot, the group's slot and every bucket of the group, together or not
// at all. Nothing is held while waiting. Who cannot go now waits in order of arrival; each limit group is a lane of its
// own, so an exhausted model never stands before another. No polling: one timer, set to the next instant at which
// something can happen.
// Invariant: free + taken slots are what was configured; a call is answered exactly once; refusing costs nothing.
// Shape:   group() once per limit group, then enter() per call. The answer is a Lease or a Refusal (see limit.h).
// Units:   tokens in Estimate; bytes is what the caller holds in memory while waiting.
// Errors:  none; a Refusal is an outcome.
// Threads: the loop's thread.
// Owner:   the caller owns the Ticket; destroying it while waiting removes the call, silently.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "limiter/lease.h"
#include "limiter/limit.h"
#include "limiter/loop.h"
#include "limiter/store.h"

namespace weir {

using GroupId = std::uint32_t;
using Admission = std::variant<Lease, Refusal>;

struct GateOptions {
  int slots = 8;  // calls in flight, all groups together; >= 1
  // Of each group, so that the waiters of one never fill the queue of another.
  int queue_limit = 64;  // calls waiting; >= 0. Those that come back when told (1,024 at most) may exceed it
  std::int64_t queue_bytes = 64 << 20;  // bytes that waiting calls hold
  Duration max_wait = std::chrono::seconds(30);
};

struct GroupOptions {
  std::string key;            // the account and model: equal keys are one group
  std::string name;           // what refusals call it
  std::optional<int> slots;   // calls in flight for this group; absent = only the server's
  std::vector<Limit> limits;  // distinct names
};

struct Ask {
  GroupId group = 0;
  Estimate estimate;
  std::int64_t bytes = 0;
  std::optional<Instant> deadline;  // the caller's; max_wait applies beside it
  std::uint64_t caller =
      0;  // who asks for what: by this number a call that was refused is known when it asks again; 0 = not
};

struct GateState {  // for questions and tests
  int slots_taken = 0, waiting = 0;
  std::int64_t bytes_waiting = 0;
};

struct LimitState {
  Limit limit;
  std::int64_t level = 0;  // what is left at once; below zero = debt
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
  // Answers through `done`: at once, inside this call, or later from the loop; never if the ticket is destroyed before.
  [[nodiscard]] Ticket enter(const Ask& ask, std::function<void(Admission)> done);
  // Refuses everyone who waits, and everyone who comes, as `closing`. Leases stay valid.
  void close();

  GateState state() const;
  GateState state(GroupId group) const;
  std::vector<LimitState> limits(GroupId group) const;
  // How long a call of this size would wait now; larger than a burst is not asked. Exact as far as buckets go; where
  // slots are the obstacle, a guess.
  Duration predicted_wait(GroupId group, const Estimate& estimate) const;
  const GateOptions& options() const;

 private:
  friend class Lease;
  void settle(const Lease& lease, Ending ending, const Usage& usage);
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

 private:
  friend class Gate;
  Ticket(Gate& gate, std::uint64_t id) : gate_(&gate), id_(id) {}
  Gate* gate_ = nullptr;
  std::uint64_t id_ = 0;
};

}  // namespace weir
