#include "tests/conformance/fixture_host.h"

namespace weir::conformance {
namespace {

using namespace std::chrono_literals;

Json confirm_form(const char* message) {
  return {{"method", "elicitation/create"},
          {"params",
           {{"message", message},
            {"requestedSchema", {{"type", "object"}, {"properties", {{"confirm", {{"type", "boolean"}}}}}}}}}};
}

Json name_form() {
  return {{"method", "elicitation/create"},
          {"params",
           {{"message", "What is your name?"},
            {"requestedSchema",
             {{"type", "object"}, {"properties", {{"name", {{"type", "string"}}}}}, {"required", {"name"}}}}}}};
}

// Asks everything in `requests`; done when all of it is answered.
ToolAnswer park(Json requests) {
  return [requests = std::move(requests)](const mcp::ToolCall& call, const mcp::Context&, const Done& done) {
    for (const auto& [key, request] : requests.items())
      if (!call.round.answers.contains(key)) return done(mcp::NeedInput{requests, std::nullopt});
    done(tool_text("Confirmed: " + call.round.answers.dump()));
  };
}

Json needs_tasks() { return {{"extensions", {{"io.modelcontextprotocol/tasks", Json::object()}}}}; }

}  // namespace

void add_task_tools(FixtureTools& tools, Later& later) {
  const Json any = {{"type", "object"}};
  tools["greet"] = {"Greets at once.", [](const mcp::ToolCall& call, const mcp::Context&, const Done& done) {
                      done(tool_text("Hello, " + call.arguments.value("name", "") + "!"));
                    }};
  tools["slow_compute"] = {
      "Takes as many seconds as it is told.",
      [&later](const mcp::ToolCall& call, const mcp::Context&, const Done& done) {
        const std::chrono::milliseconds span(static_cast<std::int64_t>(call.arguments.value("seconds", 0.0) * 1000));
        later.in(span, [done] { done(tool_text("computed")); });
      },
      any, Json::object(), mcp::TaskUse::always};
  tools["failing_job"] = {"Fails after a second.",
                          [&later](const mcp::ToolCall&, const mcp::Context&, const Done& done) {
                            later.in(1s, [done] { done(tool_text("the job failed", true)); });
                          },
                          any, needs_tasks(), mcp::TaskUse::always};
  tools["protocol_error_job"] = {"Breaks.",
                                 [&later](const mcp::ToolCall&, const mcp::Context&, const Done& done) {
                                   later.in(10ms, [done] { done(mcp::ProtocolError{-32603, "it broke", {}}); });
                                 },
                                 any, Json::object(), mcp::TaskUse::always};
  tools["confirm_delete"] = {"Asks before it deletes.", park({{"confirm", confirm_form("Delete it?")}}), any,
                             Json::object(), mcp::TaskUse::always};
  tools["multi_input"] = {"Asks two things at once.",
                          park({{"first", confirm_form("First?")}, {"second", confirm_form("Second?")}}), any,
                          Json::object(), mcp::TaskUse::always};
  // The name is asked for before there is a task; what follows takes long enough to become one.
  tools["test_tool_with_task"] = {"Asks, then takes long.",
                                  [&later](const mcp::ToolCall& call, const mcp::Context&, const Done& done) {
                                    const auto name = call.round.answers.find("user_name");
                                    if (name == call.round.answers.end())
                                      return done(mcp::NeedInput{Json{{"user_name", name_form()}}, "asked"});
                                    later.in(600ms,
                                             [done, text = "Done for " + name->dump()] { done(tool_text(text)); });
                                  },
                                  any, needs_tasks(), mcp::TaskUse::when_slow};
}

}  // namespace weir::conformance
