#include "tests/conformance/fixture_host.h"

#include <utility>

namespace weir::conformance {
namespace {

using mcp::Json;

// One red pixel, and a WAV file without samples.
constexpr const char* kPng =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==";
constexpr const char* kWav = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQAAAAA=";

Json text(const std::string& words) { return {{"type", "text"}, {"text", words}}; }

mcp::ToolResult result(Json content, bool is_error = false) {
  mcp::ToolResult its_result;
  its_result.content = std::move(content);
  its_result.is_error = is_error;
  return its_result;
}

// Answers the same content to every call.
auto always(Json content, bool is_error = false) {
  return [answer = result(std::move(content), is_error)](const mcp::ToolCall&, const mcp::Context&,
                                                         const FixtureHost::Done& done) { done(answer); };
}

// Needs the client to offer sampling, and says so as a protocol error.
void missing_capability(const mcp::ToolCall&, const mcp::Context& context, const FixtureHost::Done& done) {
  if (context.client_capabilities.contains("sampling")) return done(result({text("sampling is offered")}));
  done(mcp::ProtocolError{-32021, "this tool needs the client to offer sampling",
                          Json{{"requiredCapabilities", {{"sampling", Json::object()}}}}});
}

void logging(const mcp::ToolCall&, const mcp::Context& context, const FixtureHost::Done& done) {
  context.sink->log("info", "fixture", "a log line");
  done(result({text("logged")}));
}

Json schema_2020_12() {
  return Json::parse(R"({
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "$defs": {"address": {"$anchor": "addressDef", "type": "object",
                          "properties": {"street": {"type": "string"}, "city": {"type": "string"}}}},
    "properties": {"name": {"type": "string"}, "address": {"$ref": "#/$defs/address"},
                   "contactMethod": {"type": "string", "enum": ["phone", "email"]},
                   "phone": {"type": "string"}, "email": {"type": "string"}},
    "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
    "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
    "then": {"required": ["phone"]},
    "else": {"required": ["email"]},
    "additionalProperties": false})");
}

}  // namespace

FixtureHost::FixtureHost(Loop& loop) : loop_(loop) {
  const Json image = {{"type", "image"}, {"data", kPng}, {"mimeType", "image/png"}};
  const auto resource = [](const char* uri, const char* type, const char* words) {
    return Json{{"type", "resource"}, {"resource", {{"uri", uri}, {"mimeType", type}, {"text", words}}}};
  };
  tools_["test_simple_text"] = {"Answers a text.", always({text("This is a simple text response for testing.")})};
  tools_["test_image_content"] = {"Answers an image.", always(Json::array({image}))};
  tools_["test_audio_content"] = {
      "Answers a sound.", always(Json::array({{{"type", "audio"}, {"data", kWav}, {"mimeType", "audio/wav"}}}))};
  tools_["test_embedded_resource"] = {"Answers a resource.",
                                      always(Json::array({resource("test://embedded-resource", "text/plain",
                                                                   "This is an embedded resource content.")}))};
  tools_["test_multiple_content_types"] = {
      "Answers a text, an image and a resource.",
      always(Json::array(
          {text("Multiple content types test:"), image,
           resource("test://mixed-content-resource", "application/json", R"({"test":"data","value":123})")}))};
  tools_["test_error_handling"] = {"Fails.",
                                   always({text("This tool intentionally returns an error for testing")}, true)};
  tools_["test_tool_with_progress"] = {"Reports progress.",
                                       [this](const mcp::ToolCall&, const mcp::Context& context, const Done& done) {
                                         loop_.post([this, context, done] { progress(context, done, 0); });
                                       }};
  tools_["test_missing_capability"] = {"Needs sampling.", missing_capability};
  tools_["test_logging_tool"] = {"Logs a line.", logging};
  tools_["test_streaming_elicitation"] = {"Asks nothing in the middle of a stream.", always({text("nothing to ask")})};
  tools_["json_schema_2020_12_tool"] = {"Tool with JSON Schema 2020-12 features", always({text("accepted")}),
                                        schema_2020_12()};
}

void FixtureHost::progress(const mcp::Context& context, const Done& done, int percent) {
  context.sink->progress(percent, 100, "");
  const auto id = ++last_timer_;
  timers_[id] = loop_.at(loop_.now() + std::chrono::milliseconds(50), [this, id, context, done, percent] {
    const auto spent = timers_.extract(id);
    if (percent < 100) return progress(context, done, percent + 50);
    done(result({text("done")}));
  });
}

mcp::Identity FixtureHost::identity() const { return {"weir-conformance-fixture", "Conformance fixture", "1.0.0"}; }

std::string FixtureHost::instructions() const { return "Tools for the conformance suite."; }

std::vector<mcp::ToolDefinition> FixtureHost::tools() const {
  std::vector<mcp::ToolDefinition> definitions;
  for (const auto& [name, tool] : tools_) {
    mcp::ToolDefinition definition;
    definition.name = name;
    definition.description = tool.description;
    definition.input_schema = tool.input_schema;
    definitions.push_back(std::move(definition));
  }
  return definitions;
}

void FixtureHost::call(mcp::ToolCall call, mcp::Context context, Done done) {
  const auto found = tools_.find(call.name);
  if (found == tools_.end()) return done(mcp::ProtocolError{-32602, "no tool named \"" + call.name + "\"", {}});
  found->second.answer(call, context, done);
}

}  // namespace weir::conformance
