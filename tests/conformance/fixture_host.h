// What the conformance suite asks for by name: tools, prompts and resources, with the answers that it compares word for
// word.
// Threads: every function from any thread; what takes time answers from the loop's thread.
// Source:  @modelcontextprotocol/conformance 0.2.0-alpha.12.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "limiter/loop.h"
#include "mcp/host.h"

namespace weir::conformance {

using mcp::Json;
using Done = std::function<void(mcp::ToolReply)>;
using ToolAnswer = std::function<void(const mcp::ToolCall& call, const mcp::Context& context, const Done& done)>;

struct FixtureTool {
  std::string description;
  ToolAnswer answer;
  Json input_schema = {{"type", "object"}};
  Json needs = Json::object();
  mcp::TaskUse task = mcp::TaskUse::never;
};
using FixtureTools = std::map<std::string, FixtureTool>;

// Things to be done later, on the loop's thread; nothing of it happens once the call is stopped.
class Later {
 public:
  explicit Later(Loop& loop) : loop_(loop) {}
  void in(Duration span, std::function<void()> fn);

 private:
  Loop& loop_;
  std::map<std::uint64_t, Timer> timers_;  // the loop thread's own
  std::uint64_t last_ = 0;
};

Json text_block(const std::string& words);
mcp::ToolResult tool_result(Json content, bool is_error = false);
mcp::ToolResult tool_text(const std::string& words, bool is_error = false);
extern const char* const kPng;  // one red pixel

void add_simple_tools(FixtureTools& tools, Later& later, mcp::Changes& changes);  // fixture_tools.cpp
void add_asking_tools(FixtureTools& tools);                                       // fixture_rounds.cpp
void add_task_tools(FixtureTools& tools, Later& later);                           // fixture_tasks.cpp

class FixtureHost final : public mcp::Host {
 public:
  explicit FixtureHost(Loop& loop);

  mcp::Identity identity() const override;
  std::string instructions() const override;
  std::shared_ptr<const mcp::Offer> offer() const override { return offer_; }
  void call(mcp::ToolCall call, mcp::Context context, Done done) override;
  void get(mcp::PromptCall call, mcp::Context context, std::function<void(mcp::PromptReply)> done) override;
  void read(mcp::ResourceRead call, mcp::Context context, std::function<void(mcp::ReadReply)> done) override;
  void complete(mcp::Complete call, mcp::Context context, std::function<void(mcp::CompleteReply)> done) override;
  bool readable(const std::string& uri, const mcp::Principal& principal) const override;
  mcp::Changes* changes() override { return &changes_; }

 private:
  std::shared_ptr<const mcp::Offer> make_offer() const;

  mcp::Changes changes_;
  Later later_;
  FixtureTools tools_;
  std::shared_ptr<const mcp::Offer> offer_;
};

}  // namespace weir::conformance
