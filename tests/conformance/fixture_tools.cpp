#include <array>

#include "tests/conformance/fixture_host.h"

namespace weir::conformance {
namespace {

using namespace std::chrono_literals;

// A WAV file without samples.
constexpr const char* kWav = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQAAAAA=";

// Answers the same content to every call.
ToolAnswer always(Json content, bool is_error = false) {
  return [answer = tool_result(std::move(content), is_error)](const mcp::ToolCall&, const mcp::Context&,
                                                              const Done& done) { done(answer); };
}

// 0, 50 and 100 of 100, then the answer; 50 ms apart.
void progress(Later& later, const mcp::Context& context, const Done& done, int percent) {
  context.sink->progress(percent, 100, "");
  later.in(50ms, [&later, context, done, percent] {
    if (percent < 100) return progress(later, context, done, percent + 50);
    done(tool_text("done"));
  });
}

void log(Later& later, const mcp::Context& context, const Done& done, std::size_t step) {
  constexpr std::array kSteps = {"Tool execution started", "Tool processing data", "Tool execution completed"};
  context.sink->log(mcp::LogLevel::info, "fixture", kSteps[step]);
  if (step + 1 == kSteps.size()) return done(tool_text("logged"));
  later.in(50ms, [&later, context, done, step] { log(later, context, done, step + 1); });
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

ToolAnswer trigger(mcp::Changes& changes, mcp::Change::Kind kind) {
  return [&changes, kind](const mcp::ToolCall&, const mcp::Context&, const Done& done) {
    changes.publish({.kind = kind});
    done(tool_text("told"));
  };
}

Json resource(const char* uri, const char* type, const char* words) {
  return {{"type", "resource"}, {"resource", {{"uri", uri}, {"mimeType", type}, {"text", words}}}};
}

}  // namespace

void add_simple_tools(FixtureTools& tools, Later& later, mcp::Changes& changes) {
  const Json image = {{"type", "image"}, {"data", kPng}, {"mimeType", "image/png"}};
  tools["test_simple_text"] = {"Answers a text.", always({text_block("This is a simple text response for testing.")})};
  tools["test_image_content"] = {"Answers an image.", always(Json::array({image}))};
  tools["test_audio_content"] = {"Answers a sound.",
                                 always(Json::array({{{"type", "audio"}, {"data", kWav}, {"mimeType", "audio/wav"}}}))};
  tools["test_embedded_resource"] = {"Answers a resource.",
                                     always(Json::array({resource("test://embedded-resource", "text/plain",
                                                                  "This is an embedded resource content.")}))};
  tools["test_multiple_content_types"] = {
      "Answers a text, an image and a resource.",
      always(Json::array(
          {text_block("Multiple content types test:"), image,
           resource("test://mixed-content-resource", "application/json", R"({"test":"data","value":123})")}))};
  tools["test_error_handling"] = {"Fails.",
                                  always({text_block("This tool intentionally returns an error for testing")}, true)};
  tools["test_tool_with_progress"] = {"Reports progress.",
                                      [&later](const mcp::ToolCall&, const mcp::Context& context, const Done& done) {
                                        progress(later, context, done, 0);
                                      }};
  const ToolAnswer logging = [&later](const mcp::ToolCall&, const mcp::Context& context, const Done& done) {
    log(later, context, done, 0);
  };
  tools["test_tool_with_logging"] = {"Logs three lines.", logging};
  tools["test_logging_tool"] = {"Logs three lines.", logging};
  tools["test_missing_capability"] = {"Needs sampling.", always({text_block("sampling is offered")}),
                                      Json{{"type", "object"}}, Json{{"sampling", Json::object()}}};
  tools["test_streaming_elicitation"] = {"Asks nothing in the middle of a stream.",
                                         always({text_block("nothing to ask")})};
  tools["test_trigger_tool_change"] = {"Tells that the tools have changed.",
                                       trigger(changes, mcp::Change::Kind::tools)};
  tools["test_trigger_prompt_change"] = {"Tells that the prompts have changed.",
                                         trigger(changes, mcp::Change::Kind::prompts)};
  tools["json_schema_2020_12_tool"] = {"Tool with JSON Schema 2020-12 features", always({text_block("accepted")}),
                                       schema_2020_12()};
  tools["test_custom_header"] = {
      "Wants its region in a header too.", always({text_block("accepted")}),
      Json{{"type", "object"}, {"properties", {{"region", {{"type", "string"}, {"x-mcp-header", "Region"}}}}}}};
}

}  // namespace weir::conformance
