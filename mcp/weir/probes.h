// The pages for machines that watch over the server: /healthz, /readyz, /metrics. GET and HEAD only; else 405.
// Healthy:  the process answers. Asks nothing of the loop, so that a busy server is not killed for it.
// Ready:    200 "ready", or 503 and why not, a reason a line; after either, what is degraded. JSON if Accept names it:
//           {"ready": true, "reasons": [], "degraded": []}.
// Metrics:  Prometheus' text. With a token in the configuration: whoever sends it. Without: whoever reaches a server
//           that listens on the loopback interface only, by a host's name that is its own; elsewhere 403, unless it is
//           said to be open.
// Bounds:   what asks the loop never holds a thread. When the loop has not answered for two seconds, or many ask at
//           once, those who come are told so at once, with 503.
// Threads:  handlers run on connection threads; what they are given runs on the loop's thread.
// Owner:    the loop, and what the functions use, outlive the exchanges.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "config/ledger.h"
#include "limiter/loop.h"
#include "mcp/transport.h"
#include "mcp/weir/gauges.h"

namespace weir::mcp {

struct Readiness {
  std::vector<std::string> reasons{};   // why it is not ready; none = it is
  std::vector<std::string> degraded{};  // what is not as it should be, though calls are taken
};

Handler healthz_handler();
Handler readyz_handler(Loop& loop, std::function<Readiness()> readiness);

struct MetricsAccess {
  MetricsSettings settings{};
  bool loopback = true;                         // what the server is bound to
  std::vector<std::string> allowed_hosts = {};  // beside the loopback names
};
// `render` is given the figures of the process, and how long it waited; it fills in the rest.
Handler metrics_handler(Loop& loop, MetricsAccess access, std::function<std::string(Gauges)> render);

}  // namespace weir::mcp
