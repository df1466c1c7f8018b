#include "mcp/progress.h"

#include <chrono>
#include <cmath>

#include "mcp/jsonrpc.h"

namespace weir::mcp {

std::optional<Json> Progress::admit(double done, std::optional<double> total, std::string_view message) {
  if (!wanted() || !std::isfinite(done) || (last_ && done <= *last_)) return std::nullopt;
  if (clock_ != nullptr) {
    static const Limit kRate{.name = "progress", .amount = 10, .per = std::chrono::seconds(1), .burst = 10};
    if (!bucket_.take(kRate, 1, clock_->now())) return std::nullopt;
  }
  last_ = done;
  Json params = {{"progressToken", token_}, {"progress", done}};
  if (total && std::isfinite(*total)) params["total"] = *total;
  if (!message.empty()) params["message"] = message;
  return notification("notifications/progress", std::move(params));
}

}  // namespace weir::mcp
