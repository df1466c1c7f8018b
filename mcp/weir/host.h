// Weir's tools, offered to the protocol: a call becomes a job, the job a flight on the core's loop, its landing a tool
// result; prompts and resources beside them.
// Errors:  an unknown tool is a ProtocolError; bad arguments, refusals by the limiter and failures of the provider are
//          results with isError and a text that an agent can act on; a full queue is the server's own door, and a
//          ProtocolError (503).
// Progress: while a call waits or is being answered, its caller is told so every few seconds, if it asked: real hosts
//          cut off what is silent for a minute.
// Menu:    what is on offer is swapped whole when the configuration changes: who listens is told of the lists and pages
//          that are others now, and calls under way end on the catalog that they began with.
// Threads: as host.h says; arguments are checked and prompts filled on the caller's thread, everything else on the
//          core's loop. It must outlive the loop's last turn.
#pragma once

#include <memory>
#include <mutex>

#include "limiter/tally.h"
#include "mcp/host.h"
#include "mcp/weir/tool_runs.h"
#include "mcp/weir/usage_tool.h"
#include "tools/callers.h"
#include "tools/catalog/catalog.h"

namespace weir::mcp {

struct WeirHostOptions {
  std::string version;
  std::string config_text = {};  // weir://config
  int subscriptions_max = 1024;
  bool limits_tool = true, models_tool = true, estimate_tool = true;  // whether weir_limits … are offered
  bool usage_tool = false;                                            // weir_usage and weir://usage: give usage_from()
  bool usage_sql = true;                                              // whether weir_usage takes SQL
  std::int64_t result_bytes_max = 64 << 10;                           // what is beyond is read page by page
};

// Immutable.
struct Menu {
  std::shared_ptr<const Catalog> catalog;
  std::shared_ptr<const Offer> offer;
  WeirHostOptions options;
};
std::shared_ptr<const Menu> make_menu(std::shared_ptr<const Catalog> catalog, WeirHostOptions options);

class WeirHost final : public Host {
 public:
  WeirHost(const Crew& crew, const Tally& tally, Callers& callers, std::shared_ptr<const Catalog> catalog,
           WeirHostOptions options);

  Identity identity() const override;
  std::string instructions() const override;
  std::shared_ptr<const Offer> offer() const override { return menu()->offer; }
  void call(ToolCall call, Context context, std::function<void(ToolReply)> done) override;
  void get(PromptCall call, Context context, std::function<void(PromptReply)> done) override;
  void read(ResourceRead call, Context context, std::function<void(ReadReply)> done) override;
  void complete(Complete call, Context context, std::function<void(CompleteReply)> done) override;
  bool readable(const std::string& uri, const Principal& principal) const override;
  Changes* changes() override { return &changes_; }

  std::shared_ptr<const Menu> menu() const;
  // Where weir_usage has its answers; before the first call.
  void usage_from(UsageSources sources) { usage_ = std::move(sources); }
  // On the loop's thread.
  void swap(std::shared_ptr<const Menu> menu);
  // The calls of tools that are under way; on the loop's thread.
  ToolRuns& runs() { return runs_; }
  // What weir://limits says of the loads of the configuration. On the loop's thread.
  void tell_loads(Json loads) { loads_ = std::move(loads); }

 private:
  bool call_own(const Menu& menu, ToolCall& call, const Principal& principal, std::function<void(ToolReply)>& done);
  void call_limits(ToolCall call, const Principal& principal, std::function<void(ToolReply)> done);
  void call_models(ToolCall call, const Principal& principal, std::function<void(ToolReply)> done);
  void call_estimate(ToolCall call, const Principal& principal, std::function<void(ToolReply)> done);
  void call_usage(ToolCall call, const Principal& principal, std::function<void(ToolReply)> done);
  void read_usage(const Principal& principal, std::function<void(ReadReply)> done);
  Json limits_page(const std::string& principal);
  void tell_of_server(Json& page) const;
  void limits_changed();

  Loop& loop_;
  Gate& gate_;
  const Calls& calls_;
  const Tally& tally_;
  Callers& callers_;
  UsageSources usage_;
  Results results_;
  ToolRuns runs_;
  Changes changes_;
  // The loop thread's own.
  Timer tell_limits_;
  bool telling_limits_ = false;
  Json loads_;

  mutable std::mutex mu_;
  std::shared_ptr<const Menu> menu_;
};

}  // namespace weir::mcp
