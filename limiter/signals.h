// What a provider's word changes in a group: headers tighten its buckets, a refusal for a rate closes what was
// exhausted. Invariant: nothing here raises a level. A limit that the provider names is adopted when it is lower than
// the one in force;
//           raised again up to what is configured, and beyond that only if the group allows it.
// Finer slices: a refusal although something was left says that the provider counts in shorter periods than it names.
// What
//           may be taken at once is halved, down to a sixteenth of the burst, and comes back by an eighth of the burst
//           with each minute without such a refusal.
// Threads: the loop's thread.
// Source:  LIMITS §6.
#pragma once

#include <functional>
#include <vector>

#include "limiter/lane.h"

namespace weir {

// The call that an answer belongs to.
struct Answered {
  std::uint64_t serial = 0;
  Instant admitted{};
  Estimate reserved{};
  bool well = false;  // it was answered, not refused or broken
};

class Signals {
 public:
  Signals(GroupId group, const GroupOptions& options) : group_(group), configured_(options.limits) {}
  // `report` is told what was paused and adopted.
  void apply(Lane& lane, Store& store, const Answered& call, const Feedback& feedback, Instant now,
             const std::function<void(Decision)>& report);

 private:
  void tighten(Lane& lane, Store& store, const Answered& call, const Feedback& feedback, Instant now,
               const std::function<void(Decision)>& report);
  void refused(Lane& lane, const Answered& call, const Feedback& feedback, Instant now,
               const std::function<void(Decision)>& report);
  void slice(Lane& lane, int sixteenths, Instant now);

  GroupId group_;
  std::vector<Limit> configured_;
  std::uint64_t newest_ = 0;  // whose headers were applied last
  int sixteenths_ = 16;       // of the burst that may be taken at once
  Instant sliced_{};          // when that was changed
};

}  // namespace weir
