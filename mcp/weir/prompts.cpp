#include "mcp/weir/prompts.h"

#include <fmt/format.h>

#include "mcp/jsonrpc.h"
#include "mcp/weir/offer.h"
#include "mcp/weir/shell.h"
#include "tools/catalog/values.h"

namespace weir::mcp {
namespace {

ProtocolError invalid(std::string message) { return {code::kInvalidParams, std::move(message), {}}; }

CompleteReply complete_input(const Tool& tool, const Complete& call) {
  const InputSettings* input = input_named(&tool, call.argument);
  if (input == nullptr)
    return invalid(fmt::format("prompt \"{}\" has no argument \"{:.60}\"", tool.settings().name, call.argument));
  Suggestions suggestions;
  const auto suggest = [&](const std::string& text) {
    if (text.starts_with(call.value)) suggestions.values.push_back(text);
  };
  for (const InputValue& value : input->one_of) suggest(text_of(value));
  if (input->type == InputType::boolean && input->one_of.empty()) {
    suggest("false");
    suggest("true");
  }
  return suggestions;
}

}  // namespace

PromptReply prompt_reply(const Tool& tool, const PromptCall& call) {
  Json arguments = Json::object();
  for (const auto& [name, text] : call.arguments) arguments[name] = value_of(input_named(&tool, name), text);
  const auto prompt = tool.fill(arguments);
  if (!prompt) return invalid(prompt.error().message);
  // A prompt has no role for a system's text: it goes before the user's.
  const std::string text = prompt->system.empty() ? prompt->user : prompt->system + "\n\n" + prompt->user;
  PromptResult result{tool.settings().description, Json::array()};
  result.messages.push_back({{"role", "user"}, {"content", {{"type", "text"}, {"text", text}}}});
  return result;
}

CompleteReply complete_reply(const Catalog& catalog, const Complete& call) {
  if (call.of == Complete::Of::prompt) {
    const Tool* tool = catalog.find(call.name);
    if (tool == nullptr || !tool->settings().as_prompt)
      return invalid(fmt::format("no prompt named \"{:.60}\"", call.name));
    return complete_input(*tool, call);
  }
  if (call.name != std::string(kToolUriPrefix) + "{name}")
    return invalid(fmt::format("no resource template \"{:.80}\"; there is {}{{name}}", call.name, kToolUriPrefix));
  if (call.argument != "name") return invalid("the template has one argument: name");
  Suggestions suggestions;
  for (const auto& [name, tool] : catalog.tools())
    if (name.starts_with(call.value)) suggestions.values.push_back(name);
  return suggestions;
}

}  // namespace weir::mcp
