// The calls of tools on their way: arguments are checked and prompts filled on the caller's thread, everything else on
// the core's loop; whoever waits is told how far his call has come, and may give it up.
// Errors:  a reply carries them, as host.h says.
// Threads: start() any; the rest the loop's. It must outlive the loop's last turn.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>

#include "mcp/call.h"
#include "tools/callers.h"
#include "tools/calls.h"
#include "tools/catalog/catalog.h"

namespace weir::mcp {

// A tool, and the catalog that it stands in: a reload may swap that while the call is on its way.
struct Offered {
  std::shared_ptr<const Catalog> catalog;
  const Tool* tool = nullptr;
};

class ToolRuns {
 public:
  // `decided` is told, on the loop, whenever a call was admitted or ended: the limits have other levels now.
  ToolRuns(Loop& loop, Gate& gate, Callers& callers, Calls& calls, std::function<void()> decided)
      : loop_(loop), gate_(gate), callers_(callers), calls_(calls), decided_(std::move(decided)) {}
  void start(Offered offered, const Json& arguments, Context context, std::function<void(ToolReply)> done);

 private:
  struct Flying;
  void take_off(std::shared_ptr<Flying> flying, Prompt prompt);
  void report_in(Duration span, const std::shared_ptr<Flying>& flying);
  void report(const std::shared_ptr<Flying>& flying);

  Loop& loop_;
  Gate& gate_;
  Callers& callers_;
  Calls& calls_;
  std::function<void()> decided_;
  std::atomic<std::uint64_t> calls_made_ = 0;
  // The loop thread's own.
  std::map<CallId, Timer> reports_;
};

}  // namespace weir::mcp
