// A lease is what an admitted call holds: slots, and reserved charges. It is settled exactly once; destroyed unsettled
// it settles itself as `broken` after sending() was called, and as `never_sent` before: the safe row of LIMITS §4
// either way.
// Invariant: when no lease is alive, every slot is free and every bucket's level is what the settled charges say.
// Errors:  settling twice is our bug (INVARIANT).
// Threads: the loop's thread.
// Owner:   whoever the gate answered; move-only. It must not outlive its gate.
#pragma once

#include <cstdint>
#include <utility>

#include "limiter/limit.h"

namespace weir {

class Gate;

class Lease {
 public:
  Lease() = default;  // holds nothing
  Lease(Lease&& other) noexcept
      : gate_(std::exchange(other.gate_, nullptr)),
        group_(other.group_),
        reserved_(other.reserved_),
        admitted_(other.admitted_),
        waited_(other.waited_),
        sent_(other.sent_) {}
  Lease& operator=(Lease&& other) noexcept;
  ~Lease();

  explicit operator bool() const { return gate_ != nullptr; }
  // The request is about to leave: from here on the provider may have counted it.
  void sending() { sent_ = true; }
  bool sent() const { return sent_; }
  // Gives the slots back and books what was used, by the table. The lease holds nothing afterwards.
  void settle(Ending ending, Usage usage = AtLeast{});

  const Estimate& reserved() const { return reserved_; }
  Duration waited() const { return waited_; }  // from asking to admission

 private:
  friend class Gate;
  Lease(Gate& gate, std::uint32_t group, Estimate reserved, Instant admitted, Duration waited)
      : gate_(&gate), group_(group), reserved_(reserved), admitted_(admitted), waited_(waited) {}

  Gate* gate_ = nullptr;
  std::uint32_t group_ = 0;
  Estimate reserved_;
  Instant admitted_{};
  Duration waited_{};
  bool sent_ = false;
};

// What one limit is charged for an estimate, and for how the call ended: the rows of LIMITS §4.
std::int64_t reserved_units(Unit unit, const Estimate& estimate);
std::int64_t settled_units(Unit unit, const Estimate& reserved, Ending ending, const Usage& usage);

}  // namespace weir
