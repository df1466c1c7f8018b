// The tools that the conformance suite asks for by name, with the answers it compares word for word.
// Threads: call() from any; what takes time answers from the loop's thread.
// Source:  @modelcontextprotocol/conformance 0.2.0-alpha.12.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "limiter/loop.h"
#include "mcp/host.h"

namespace weir::conformance {

class FixtureHost final : public mcp::Host {
 public:
  using Done = std::function<void(mcp::ToolReply)>;

  explicit FixtureHost(Loop& loop);

  mcp::Identity identity() const override;
  std::string instructions() const override;
  std::vector<mcp::ToolDefinition> tools() const override;
  void call(mcp::ToolCall call, mcp::Context context, Done done) override;

 private:
  using Answer = std::function<void(const mcp::ToolCall& call, const mcp::Context& context, const Done& done)>;
  struct Tool {
    std::string description;
    Answer answer;
    mcp::Json input_schema = {{"type", "object"}};
  };
  // 0, 50 and 100 of 100, then the answer; 50 ms apart.
  void progress(const mcp::Context& context, const Done& done, int percent);

  Loop& loop_;
  std::map<std::string, Tool> tools_;
  std::map<std::uint64_t, Timer> timers_;  // the loop thread's own
  std::uint64_t last_timer_ = 0;
};

}  // namespace weir::conformance
