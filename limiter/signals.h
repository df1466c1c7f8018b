// What a provider's word changes in a group: headers tighten its buckets, a refusal for a rate closes what was
// exhausted.
// Invariant: nothing here raises a level. A limit that the provider names is adopted when it is lower than the one in
//            force; raised again up to what is configured, and beyond that only if the group allows it.
// Pauses:  as long as the provider says (Retry-After, RetryInfo); else until the reset of what is exhausted, the latest
//          of them; else exponential. A reset is when a bucket is full again, long after it has room for a call: so it
//          is the second choice.
// Slices:  a refusal although something was left says that the provider counts in shorter periods than it names. What
//          may be taken at once is halved, down to a second's worth of the limit, and comes back by a fifth with every
//          two minutes without such a refusal.
// Threads: the loop's thread.
// Source:  LIMITS §6.
#pragma once

#include <functional>
#include <vector>

#include "limiter/lane.h"

namespace weir {

// The call that an answer belongs to.
struct Answered {
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

  // The limits as they are stated from now on, beside those of `in_force` by name. Answers what is in force then: what
  // the provider made of a limit goes on as long as it is stated as before.
  std::vector<Limit> restate(const GroupOptions& stated, const std::vector<Limit>& in_force);

 private:
  void tighten(Lane& lane, Store& store, const Feedback& feedback, Instant now,
               const std::function<void(Decision)>& report);
  void refused(Lane& lane, const Answered& call, const Feedback& feedback, Instant now,
               const std::function<void(Decision)>& report);
  void slice(Lane& lane, int slice, Instant now);
  Limit sliced(Limit limit) const;

  GroupId group_;
  std::vector<Limit> configured_;
  Instant newest_ = Instant::min();  // when the headers came that were applied last
  int slice_ = 0;                    // what may be taken at once is halved with every four of these
  Instant sliced_{};                 // when that was changed
};

}  // namespace weir
