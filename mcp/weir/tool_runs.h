// The calls of tools on their way: arguments are checked and prompts filled on the caller's thread, everything else on
// the core's loop; whoever waits is told how far his call has come, and may give it up.
// Told:    who keeps count is told of each call: begun, ended.
// Errors:  a reply carries them, as host.h says.
// Threads: start() any; the rest the loop's. It must outlive the loop's last turn.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "mcp/call.h"
#include "mcp/weir/watching.h"
#include "mcp/weir/results.h"
#include "tools/callers.h"
#include "tools/catalog/catalog.h"
#include "tools/operators/run.h"

namespace weir::mcp {

// A tool, and the catalog that it stands in: a reload may swap that while the call is on its way.
struct OfferedTool {
  std::shared_ptr<const Catalog> catalog;
  const Tool* tool = nullptr;
  std::int64_t result_bytes_max = 64 << 10;
};

class ToolRuns {
 public:
  // `decided` is told, on the loop, whenever a call was begun or ended: the limits have other levels now.
  ToolRuns(Crew crew, Callers& callers, Results& results, std::function<void()> decided);
  ~ToolRuns();
  void start(OfferedTool offered, const Json& arguments, Context context, std::function<void(ToolReply)> done);

  // Before the first call.
  void watch(Watching watching) { watching_ = std::move(watching); }

  // On the loop's thread.
  void cancel_all();
  std::size_t running() const { return running_.size(); }
  // The median of what the last calls of each tool took that were made and answered, of tools with enough of them.
  std::map<std::string, Duration> typical() const;
  // Called once, when no call is under way any more: at once, or after the last reply.
  void when_empty(std::function<void()> fn);

 private:
  struct Running;
  void take_off(std::shared_ptr<Running> running, Work order);
  void tell_refused_arguments(OfferedTool offered, Context context, std::optional<std::string> arguments);
  void land(std::uint64_t id, ToolAnswer answer);
  void report_in(Duration span, const std::shared_ptr<Running>& running);
  void report(const std::shared_ptr<Running>& running);
  void tell_rows(Running& running, const RunView& view);
  static Results::Cut cut_of(const Running& running);
  static void tell(Running& running, const RunView& view, std::string_view more);

  const Crew crew_;
  Callers& callers_;
  Results& results_;
  std::function<void()> decided_;
  Watching watching_;
  std::atomic<std::uint64_t> calls_made_ = 0;
  // The loop thread's own.
  std::map<std::uint64_t, std::shared_ptr<Running>> running_;
  std::vector<std::shared_ptr<Running>> over_;  // whose answers are being told
  std::map<std::uint64_t, Timer> reports_;
  std::map<std::string, std::deque<Duration>> took_;  // by tool
  std::function<void()> when_empty_;
};

}  // namespace weir::mcp
