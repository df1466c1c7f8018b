#include "limiter/tally.h"

namespace weir {

void Tally::on(const Decision& decision) {
  if (const auto* admitted = std::get_if<Admitted>(&decision)) {
    GroupTally& tally = groups_[admitted->who.group];
    ++tally.admitted;
    tally.throttled += admitted->throttled;
    tally.queued += admitted->waited - admitted->throttled;
  } else if (const auto* refused = std::get_if<Refused>(&decision)) {
    GroupTally& tally = groups_[refused->who.group];
    ++tally.refused;
    // Limits' names come from the configuration, so these are few.
    ++tally.refused_by[refused->refusal.limit];
  } else if (const auto* settled = std::get_if<Settled>(&decision)) {
    GroupTally& tally = groups_[settled->who.group];
    ++tally.settled;
    if (settled->ending != Ending::success) ++tally.failed;
    tally.reserved_tokens += settled->reserved.input_tokens + settled->reserved.output_tokens;
    tally.used_tokens += settled->used.input_tokens + settled->used.output_tokens;
    tally.debt_tokens += settled->debt_tokens;
  } else if (const auto* paused = std::get_if<Paused>(&decision)) {
    ++groups_[paused->group].pauses;
  }
}

GroupTally Tally::of(GroupId group) const {
  const auto found = groups_.find(group);
  return found == groups_.end() ? GroupTally{} : found->second;
}

}  // namespace weir
