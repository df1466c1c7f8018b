// Which progress of one request goes out, and as what. Values must grow; at most ten a second, after a burst of ten;
// none at all when the caller gave no token.
// Threads: the caller locks.
// Source:  MCP, progress.
#pragma once

#include <optional>
#include <string_view>

#include "limiter/bucket.h"
#include "limiter/loop.h"
#include "mcp/call.h"

namespace weir::mcp {

class Progress {
 public:
  // `token` is null when none was given. Without a clock the rate is not limited.
  Progress(Json token, const Loop* clock) : token_(std::move(token)), clock_(clock) {}

  bool wanted() const { return !token_.is_null(); }
  // The notification to send, or nothing.
  std::optional<Json> admit(double done, std::optional<double> total, std::string_view message);

 private:
  Json token_;
  const Loop* clock_;
  Bucket bucket_;
  std::optional<double> last_;
};

}  // namespace weir::mcp
