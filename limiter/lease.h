// A lease is what an admitted call holds: slots, and reserved charges. It is settled exactly once; destroyed unsettled
// it settles itself as `broken` after sending() was called, and as `never_sent` before: the safe row of LIMITS §4
// either way.
// Invariant: when no lease is alive, every slot is free and every bucket's level is what the settled charges say.
// Errors:  settling twice is our bug (INVARIANT).
// Threads: the loop's thread.
// Owner:   whoever the gate answered; move-only. It must not outlive its gate.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "limiter/feedback.h"
#include "limiter/limit.h"
#include "limiter/observer.h"

namespace weir {

class Gate;

struct Settlement {
  Ending ending = Ending::success;
  Usage usage = AtLeast{};
  Feedback feedback{};
};

class Lease {
 public:
  Lease() = default;  // holds nothing
  Lease(Lease&& other) noexcept { *this = std::move(other); }
  Lease& operator=(Lease&& other) noexcept;
  ~Lease();

  explicit operator bool() const { return gate_ != nullptr; }
  // The request is about to leave: from here on the provider may have counted it.
  void sending() { sent_ = true; }
  bool sent() const { return sent_; }
  // A call that is still producing has used this much already: what is reserved is raised to it, at once, as debt if
  // need be; never lowered. For calls that stream.
  void top_up(const Estimate& seen);
  // Gives the slots back and books what was used, by the table. The lease holds nothing afterwards.
  void settle(const Settlement& settlement);
  void settle(Ending ending, Usage usage = AtLeast{}) { settle({.ending = ending, .usage = std::move(usage)}); }

  const Estimate& reserved() const { return reserved_; }
  Duration waited() const { return waited_; }        // from asking to admission
  Duration throttled() const { return throttled_; }  // the part of it during which there was a slot
  // The same by the limits that were the reason; "pause", when the provider was. Sums to throttled().
  const std::vector<std::pair<std::string, Duration>>& throttled_by() const { return throttled_by_; }

 private:
  friend class Gate;

  Gate* gate_ = nullptr;
  Who who_;
  Estimate reserved_;
  std::uint64_t serial_ = 0;  // of the group's admissions
  Instant admitted_{};
  Duration waited_{}, throttled_{};
  std::vector<std::pair<std::string, Duration>> throttled_by_;
  bool sent_ = false;
};

// What one limit is charged for an estimate, and for how the call ended: the rows of LIMITS §4.
std::int64_t reserved_units(Unit unit, const Estimate& estimate);
std::int64_t settled_units(Unit unit, const Estimate& reserved, Ending ending, const Usage& usage);

}  // namespace weir
