// A host whose tools are what the test says: `on_call` gets each call, and may answer at once, later, or from another
// thread. It comes with the loop and the dispatcher that a transport needs.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "mcp/dispatcher.h"
#include "tests/fakes/fake_loop.h"

namespace weir::fakes {

class FakeHost final : public mcp::Host {
 public:
  using Done = std::function<void(mcp::ToolReply)>;

  mcp::Identity identity() const override { return {"fake", "Fake", "1.2.3"}; }
  std::string instructions() const override { return "Be kind."; }
  std::shared_ptr<const mcp::Offer> offer() const override {
    auto offer = std::make_shared<mcp::Offer>(beside);
    offer->tools = offered;
    return offer;
  }
  void call(mcp::ToolCall call, mcp::Context context, Done done) override {
    on_call(std::move(call), std::move(context), std::move(done));
  }
  void get(mcp::PromptCall call, mcp::Context context, std::function<void(mcp::PromptReply)> done) override {
    if (!on_get) return Host::get(std::move(call), std::move(context), std::move(done));
    done(on_get(call));
  }
  void read(mcp::ResourceRead call, mcp::Context context, std::function<void(mcp::ReadReply)> done) override {
    if (!on_read) return Host::read(std::move(call), std::move(context), std::move(done));
    done(on_read(call));
  }
  bool readable(const std::string& uri, const mcp::Principal&) const override { return uri.starts_with("test://"); }
  mcp::Changes* changes() override { return tells_changes ? &hub : nullptr; }

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
  mcp::Offer beside{.validity = {.ttl_ms = 300'000, .everybody = true}};  // all but the tools
  // echo answers with its arguments as text; anything else is unknown.
  std::function<void(mcp::ToolCall, mcp::Context, Done)> on_call = [](const mcp::ToolCall& call, const mcp::Context&,
                                                                      const Done& done) {
    if (call.name == "echo") return done(text(call.arguments.dump()));
    done(mcp::ProtocolError{-32602, "no tool named \"" + call.name + "\"", {}});
  };
  std::function<mcp::PromptReply(const mcp::PromptCall&)> on_get{};
  std::function<mcp::ReadReply(const mcp::ResourceRead&)> on_read{};
  bool tells_changes = false;
  mcp::Changes hub{4};

  FakeLoop loop{};
  mcp::Dispatcher dispatcher{*this, loop, nullptr, mcp::StateSeal(std::string(32, 'k'))};
};

}  // namespace weir::fakes
