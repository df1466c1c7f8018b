// An observer that counts: what each group admitted, refused and settled, how long its calls waited for slots and for
// limits, what went into debt, and when its provider paused it.
// Bounds:  one row per group.
// Threads: the loop's thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "limiter/observer.h"

namespace weir {

struct GroupTally {
  std::int64_t admitted = 0, refused = 0, settled = 0, failed = 0, pauses = 0;
  std::int64_t reserved_tokens = 0, used_tokens = 0, debt_tokens = 0;
  Duration queued{}, throttled{};                    // waited for slots, and for limits; summed over admitted calls
  std::map<std::string, std::int64_t> refused_by{};  // limit
};

class Tally final : public Observer {
 public:
  void on(const Decision& decision) override;
  GroupTally of(GroupId group) const;

 private:
  std::map<GroupId, GroupTally> groups_;
};

}  // namespace weir
