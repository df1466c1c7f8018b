// Weir's tools, offered to the protocol: a call becomes a job, the job a flight on the core's loop, its landing a tool
// result. Errors:  an unknown tool is a ProtocolError; bad arguments, refusals by the limiter and failures of the
// provider are results
//          with isError and a text that an agent can act on.
// Threads: as host.h says; arguments are checked and prompts filled on the caller's thread, everything else on the
// core's loop.
//          It must outlive the loop's last turn.
#pragma once

#include <atomic>
#include <memory>

#include "mcp/host.h"
#include "tools/catalog/catalog.h"
#include "tools/flights.h"

namespace weir::mcp {

class WeirHost final : public Host {
 public:
  WeirHost(Loop& loop, Flights& flights, std::shared_ptr<const Catalog> catalog, std::string version);

  Identity identity() const override;
  std::string instructions() const override;
  std::vector<ToolDefinition> tools() const override;
  void call(ToolCall call, Context context, std::function<void(ToolReply)> done) override;

 private:
  Loop& loop_;
  Flights& flights_;
  std::shared_ptr<const Catalog> catalog_;
  std::string version_;
  std::atomic<std::uint64_t> calls_ = 0;
};

}  // namespace weir::mcp
