#include "mcp/auth/complaints.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace weir::mcp {

void Complaints::add(const std::string& line) {
  std::int64_t left_out = 0;
  {
    const std::lock_guard lock(mu_);
    const Instant now = clock_.now();
    free_at_ = std::max(free_at_, now);
    if (free_at_ - now > (kBurst - 1) * kInterval) {
      ++left_out_;
      return;
    }
    free_at_ += kInterval;
    left_out = std::exchange(left_out_, 0);
  }
  if (!log_) return;
  log_(left_out == 0 ? line : fmt::format("{} ({} more like this were not logged)", line, left_out));
}

}  // namespace weir::mcp
