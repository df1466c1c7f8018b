#include "tests/conformance/fixture_host.h"

#include <optional>
#include <utility>

#include "mcp/jsonrpc.h"

namespace weir::conformance {
namespace {

constexpr const char* kTextUri = "test://static-text";
constexpr const char* kBinaryUri = "test://static-binary";
constexpr const char* kWatchedUri = "test://watched-resource";
constexpr std::string_view kTemplateBegin = "test://template/", kTemplateEnd = "/data";

// The {id} of test://template/{id}/data.
std::optional<std::string> template_id(const std::string& uri) {
  if (!uri.starts_with(kTemplateBegin) || !uri.ends_with(kTemplateEnd)) return std::nullopt;
  if (uri.size() <= kTemplateBegin.size() + kTemplateEnd.size()) return std::nullopt;
  return uri.substr(kTemplateBegin.size(), uri.size() - kTemplateBegin.size() - kTemplateEnd.size());
}

std::optional<Json> contents_of(const std::string& uri) {
  if (uri == kTextUri)
    return Json{{"uri", uri}, {"mimeType", "text/plain"}, {"text", "This is the content of the static text resource."}};
  if (uri == kBinaryUri) return Json{{"uri", uri}, {"mimeType", "image/png"}, {"blob", kPng}};
  if (uri == kWatchedUri) return Json{{"uri", uri}, {"mimeType", "text/plain"}, {"text", "Watched."}};
  if (const auto id = template_id(uri)) {
    const Json body = {{"id", *id}, {"templateTest", true}, {"data", "Data for ID: " + *id}};
    return Json{{"uri", uri}, {"mimeType", "application/json"}, {"text", body.dump()}};
  }
  return std::nullopt;
}

Json user(Json content) { return {{"role", "user"}, {"content", std::move(content)}}; }

std::string argument(const mcp::PromptCall& call, const std::string& name) {
  const auto found = call.arguments.find(name);
  return found == call.arguments.end() ? std::string() : found->second;
}

// A prompt that first asks who reads it.
mcp::PromptReply asking_prompt(const mcp::PromptCall& call) {
  const auto answer = call.round.answers.find("user_context");
  if (answer == call.round.answers.end() || !answer->is_object()) {
    mcp::NeedInput need;
    need.requests["user_context"] = {
        {"method", "elicitation/create"},
        {"params",
         {{"message", "What context should the prompt use?"},
          {"requestedSchema",
           {{"type", "object"}, {"properties", {{"context", {{"type", "string"}}}}}, {"required", {"context"}}}}}}};
    return need;
  }
  mcp::PromptResult result;
  result.messages.push_back(user(text_block("The context is: " + answer->dump())));
  return result;
}

}  // namespace

const char* const kPng =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==";

Json text_block(const std::string& words) { return {{"type", "text"}, {"text", words}}; }

mcp::ToolResult tool_result(Json content, bool is_error) {
  mcp::ToolResult result;
  result.content = std::move(content);
  result.is_error = is_error;
  return result;
}

mcp::ToolResult tool_text(const std::string& words, bool is_error) {
  return tool_result(Json::array({text_block(words)}), is_error);
}

void Later::in(Duration span, std::function<void()> fn) {
  loop_.post([this, span, fn = std::move(fn)]() mutable {
    const auto id = ++last_;
    timers_[id] = loop_.at(loop_.now() + span, [this, id, fn = std::move(fn)] {
      const auto spent = timers_.extract(id);
      fn();
    });
  });
}

FixtureHost::FixtureHost(Loop& loop) : later_(loop) {
  add_simple_tools(tools_, later_, changes_);
  add_asking_tools(tools_);
  add_task_tools(tools_, later_);
  offer_ = make_offer();
}

std::shared_ptr<const mcp::Offer> FixtureHost::make_offer() const {
  mcp::Offer offer;
  for (const auto& [name, tool] : tools_) {
    mcp::ToolDefinition definition;
    definition.name = name;
    definition.description = tool.description;
    definition.input_schema = tool.input_schema;
    definition.needs = tool.needs;
    definition.task = tool.task;
    offer.tools.push_back(std::move(definition));
  }
  const auto argument = [](const char* name, const char* description) {
    return mcp::PromptArgument{name, "", description, true};
  };
  offer.prompts = {
      {"test_input_required_result_prompt", "", "Asks for its context.", {}, {}},
      {"test_prompt_with_arguments",
       "",
       "Has two arguments.",
       {argument("arg1", "One."), argument("arg2", "Two.")},
       {}},
      {"test_prompt_with_embedded_resource", "", "Embeds a resource.", {argument("resourceUri", "Which one.")}, {}},
      {"test_prompt_with_image", "", "Shows an image.", {}, {}},
      {"test_simple_prompt", "", "Says one thing.", {}, {}},
  };
  offer.resources = {
      {kBinaryUri, "static-binary", "", "An image.", "image/png"},
      {kTextUri, "static-text", "", "A text.", "text/plain"},
      {kWatchedUri, "watched-resource", "", "A text that could change.", "text/plain"},
  };
  offer.templates = {{"test://template/{id}/data", "template", "", "Some data by its id.", "application/json"}};
  offer.completions = offer.logging = offer.changing = true;
  offer.validity = {.ttl_ms = 1000, .everybody = true};
  return std::make_shared<const mcp::Offer>(std::move(offer));
}

mcp::Identity FixtureHost::identity() const { return {"weir-conformance-fixture", "Conformance fixture", "1.0.0"}; }

std::string FixtureHost::instructions() const { return "Tools, prompts and resources for the conformance suite."; }

void FixtureHost::call(mcp::ToolCall call, mcp::Context context, Done done) {
  const auto found = tools_.find(call.name);
  if (found == tools_.end()) return done(mcp::ProtocolError{-32602, "no tool named \"" + call.name + "\"", {}});
  found->second.answer(call, context, done);
}

void FixtureHost::get(mcp::PromptCall call, mcp::Context context, std::function<void(mcp::PromptReply)> done) {
  mcp::PromptResult result;
  auto& messages = result.messages;
  if (call.name == "test_input_required_result_prompt") return done(asking_prompt(call));
  if (call.name == "test_simple_prompt") {
    messages.push_back(user(text_block("This is a simple prompt for testing.")));
  } else if (call.name == "test_prompt_with_arguments") {
    messages.push_back(user(text_block("Prompt with arguments: arg1='" + argument(call, "arg1") + "', arg2='" +
                                       argument(call, "arg2") + "'")));
  } else if (call.name == "test_prompt_with_embedded_resource") {
    messages.push_back(user({{"type", "resource"},
                             {"resource",
                              {{"uri", argument(call, "resourceUri")},
                               {"mimeType", "text/plain"},
                               {"text", "Embedded resource content for testing."}}}}));
    messages.push_back(user(text_block("Please process the embedded resource above.")));
  } else if (call.name == "test_prompt_with_image") {
    messages.push_back(user({{"type", "image"}, {"data", kPng}, {"mimeType", "image/png"}}));
    messages.push_back(user(text_block("Please analyze the image above.")));
  } else {
    return Host::get(std::move(call), std::move(context), std::move(done));
  }
  done(result);
}

void FixtureHost::read(mcp::ResourceRead call, mcp::Context context, std::function<void(mcp::ReadReply)> done) {
  auto contents = contents_of(call.uri);
  if (!contents) return Host::read(std::move(call), std::move(context), std::move(done));
  done(mcp::ResourceContents{Json::array({std::move(*contents)}), {.ttl_ms = 1000, .everybody = true}});
}

void FixtureHost::complete(mcp::Complete call, mcp::Context, std::function<void(mcp::CompleteReply)> done) {
  mcp::Suggestions suggestions;
  for (const std::string word : {"test", "testing", "paris"})
    if (word.starts_with(call.value)) suggestions.values.push_back(word);
  done(suggestions);
}

bool FixtureHost::readable(const std::string& uri, const mcp::Principal&) const { return contents_of(uri).has_value(); }

}  // namespace weir::conformance
