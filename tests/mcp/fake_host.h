// A host whose tools are what the test says: `on_call` gets each call, and may answer at once, later, or from another
// thread.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "mcp/host.h"

namespace weir::fakes {

class FakeHost final : public mcp::Host {
 public:
  using Done = std::function<void(mcp::ToolReply)>;

  mcp::Identity identity() const override { return {"fake", "Fake", "1.2.3"}; }
  std::string instructions() const override { return "Be kind."; }
  std::vector<mcp::ToolDefinition> tools() const override { return offered; }
  void call(mcp::ToolCall call, mcp::Context context, Done done) override {
    on_call(std::move(call), std::move(context), std::move(done));
  }

  static mcp::ToolResult text(const std::string& text) {
    mcp::ToolResult result;
    result.content.push_back({{"type", "text"}, {"text", text}});
    return result;
  }
  static mcp::ToolDefinition tool(const std::string& name) {
    mcp::ToolDefinition definition;
    definition.name = name;
    definition.description = "Does " + name + ".";
    definition.input_schema = {{"type", "object"}};
    return definition;
  }

  std::vector<mcp::ToolDefinition> offered{tool("echo")};
  // echo answers with its arguments as text; anything else is unknown.
  std::function<void(mcp::ToolCall, mcp::Context, Done)> on_call = [](const mcp::ToolCall& call, const mcp::Context&,
                                                                      const Done& done) {
    if (call.name == "echo") return done(text(call.arguments.dump()));
    done(mcp::ProtocolError{-32602, "no tool named \"" + call.name + "\"", {}});
  };
};

}  // namespace weir::fakes
