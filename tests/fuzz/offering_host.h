// A host that offers one of everything, for fuzz targets: whatever can be asked is answered at once.
// Tools:   echo (arguments mirrored as text, with progress and a log), ask (a round: a name, with a state), park (a
//          task, which asks before it ends).
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "mcp/dispatcher.h"
#include "mcp/tasks.h"
#include "tests/fakes/fake_loop.h"

namespace weir::fuzz {

using mcp::Json;

class OfferingHost final : public mcp::Host {
 public:
  mcp::Identity identity() const override { return {"fuzzed", "Fuzzed", "1.0.0"}; }
  std::string instructions() const override { return "Be kind."; }
  std::shared_ptr<const mcp::Offer> offer() const override {
    static const auto offer = std::make_shared<const mcp::Offer>(all());
    return offer;
  }
  void call(mcp::ToolCall call, mcp::Context context, std::function<void(mcp::ToolReply)> done) override {
    if (call.name == "echo") {
      context.sink->progress(0.5, 1.0, "half");
      context.sink->log(mcp::LogLevel::warning, "echo", call.arguments);
      return done(mcp::ToolResult{.content = Json::array({text(call.arguments.dump())})});
    }
    if (call.name != "ask" && call.name != "park") return done(mcp::ProtocolError{-32602, "no such tool", {}});
    if (!call.round.answers.contains("name")) return done(question());
    done(mcp::ToolResult{.content = Json::array({text(call.round.answers.dump())})});
  }
  void get(mcp::PromptCall call, mcp::Context, std::function<void(mcp::PromptReply)> done) override {
    if (call.name == "ask" && !call.round.answers.contains("name")) return done(question());
    Json arguments = Json::object();
    for (const auto& [name, value] : call.arguments) arguments[name] = value;
    done(mcp::PromptResult{"", Json::array({{{"role", "user"}, {"content", text(arguments.dump())}}})});
  }
  void read(mcp::ResourceRead call, mcp::Context, std::function<void(mcp::ReadReply)> done) override {
    done(mcp::ResourceContents{Json::array({{{"uri", call.uri}, {"text", "t"}}})});
  }
  void complete(mcp::Complete call, mcp::Context, std::function<void(mcp::CompleteReply)> done) override {
    done(mcp::Suggestions{{call.value + "!"}});
  }
  bool readable(const std::string& uri, const mcp::Principal&) const override { return uri.starts_with("test://"); }
  mcp::Changes* changes() override { return &hub_; }

  void change_everything(const std::string& uri) {
    using Kind = mcp::Change::Kind;
    for (const auto kind : {Kind::tools, Kind::prompts, Kind::resources}) hub_.publish({.kind = kind});
    hub_.publish({.kind = Kind::resource, .key = uri});
  }
  mcp::Changes& hub() { return hub_; }

 private:
  static Json text(const std::string& words) { return {{"type", "text"}, {"text", words}}; }
  static mcp::NeedInput question() {
    const Json schema = {{"type", "object"}, {"properties", Json::object()}};
    const Json form = {{"method", "elicitation/create"}, {"params", {{"message", "?"}, {"requestedSchema", schema}}}};
    return {.requests = Json{{"name", form}}, .state = "step"};
  }
  static mcp::ToolDefinition tool(const std::string& name, mcp::TaskUse task) {
    const Json mirrored = {{"type", "string"}, {"x-mcp-header", "Region"}};
    const Json schema = {{"type", "object"}, {"properties", {{"region", mirrored}}}};
    return {.name = name, .description = "Does it.", .input_schema = schema, .task = task};
  }
  static mcp::Offer all() {
    mcp::Offer offer;
    offer.tools = {tool("ask", mcp::TaskUse::when_slow), tool("echo", mcp::TaskUse::never),
                   tool("park", mcp::TaskUse::always)};
    offer.prompts = {{"ask", "", "Asks.", {{"x", "", "", false}}, {}}, {"say", "", "Says.", {{"x", "", "", true}}, {}}};
    offer.resources = {{"test://a", "a", "", "A text.", "text/plain"}};
    offer.templates = {{"test://{x}", "x", "", "A text.", "text/plain"}};
    offer.completions = offer.logging = offer.changing = true;
    return offer;
  }

  mcp::Changes hub_{4};
};

// All that a transport needs.
struct Scene {
  fakes::FakeLoop loop{};
  OfferingHost host{};
  mcp::Tasks tasks{loop, &host.hub(), {.tasks_max = 8}};
  mcp::Dispatcher dispatcher{host, loop, &tasks, mcp::StateSeal(std::string(32, 'k'))};
};

}  // namespace weir::fuzz
