#include "tests/conformance/fixture_host.h"

namespace weir::conformance {
namespace {

Json form(const std::string& message, Json properties, Json required) {
  return {{"method", "elicitation/create"},
          {"params",
           {{"message", message},
            {"requestedSchema",
             {{"type", "object"}, {"properties", std::move(properties)}, {"required", std::move(required)}}}}}};
}

Json sampling(const std::string& words, int max_tokens) {
  return {
      {"method", "sampling/createMessage"},
      {"params",
       {{"messages", Json::array({{{"role", "user"}, {"content", text_block(words)}}})}, {"maxTokens", max_tokens}}}};
}

Json roots() { return {{"method", "roots/list"}, {"params", Json::object()}}; }

Json name_form() { return form("What is your name?", {{"name", {{"type", "string"}}}}, {"name"}); }

// The answer under `key`, if it is an object at all.
const Json* answer(const mcp::ToolCall& call, const char* key) {
  const auto found = call.round.answers.find(key);
  return found != call.round.answers.end() && found->is_object() ? &*found : nullptr;
}

std::string filled_in(const Json& answer, const char* name) {
  const auto content = answer.find("content");
  if (content == answer.end() || !content->is_object()) return {};
  const auto value = content->find(name);
  return value != content->end() && value->is_string() ? value->get<std::string>() : std::string();
}

std::string text_of(const Json& answer) {
  return answer.contains("content") && answer["content"].is_object() ? answer["content"].value("text", "") : "";
}

// One round: `ask` while the answer is missing, then `finish`.
ToolAnswer one_question(const std::string& key, std::function<Json(const mcp::ToolCall&)> ask,
                        std::function<std::string(const Json&)> finish, std::optional<std::string> state = {}) {
  return [=](const mcp::ToolCall& call, const mcp::Context&, const Done& done) {
    if (const auto* given = answer(call, key.c_str()); given != nullptr && (!state || call.round.state == state))
      return done(tool_text(finish(*given)));
    done(mcp::NeedInput{Json{{key, ask(call)}}, state});
  };
}

std::string elicited(const Json& answer) {
  return "Elicitation completed: action=" + answer.value("action", "") +
         ", content=" + (answer.contains("content") ? answer["content"] : Json::object()).dump();
}

Json defaults_form() {
  return form("Please review",
              {{"name", {{"type", "string"}, {"default", "John Doe"}}},
               {"age", {{"type", "integer"}, {"default", 30}}},
               {"score", {{"type", "number"}, {"default", 95.5}}},
               {"status", {{"type", "string"}, {"enum", {"active", "inactive", "pending"}}, {"default", "active"}}},
               {"verified", {{"type", "boolean"}, {"default", true}}}},
              Json::array());
}

Json titled(const char* value, const char* title) { return {{"const", value}, {"title", title}}; }

Json enums_form() {
  const Json options = {"option1", "option2", "option3"};
  const auto titles = Json::array(
      {titled("value1", "First Option"), titled("value2", "Second Option"), titled("value3", "Third Option")});
  const auto choices = Json::array(
      {titled("value1", "First Choice"), titled("value2", "Second Choice"), titled("value3", "Third Choice")});
  return form("Please choose",
              {{"untitledSingle", {{"type", "string"}, {"enum", options}}},
               {"titledSingle", {{"type", "string"}, {"oneOf", titles}}},
               {"legacyEnum",
                {{"type", "string"},
                 {"enum", {"opt1", "opt2", "opt3"}},
                 {"enumNames", {"Option One", "Option Two", "Option Three"}}}},
               {"untitledMulti", {{"type", "array"}, {"items", {{"type", "string"}, {"enum", options}}}}},
               {"titledMulti", {{"type", "array"}, {"items", {{"anyOf", choices}}}}}},
              Json::array());
}

Json all_three() {
  return {{"user_name", name_form()}, {"greeting", sampling("Generate a greeting", 50)}, {"client_roots", roots()}};
}

void multiple_inputs(const mcp::ToolCall& call, const mcp::Context&, const Done& done) {
  for (const char* key : {"user_name", "greeting", "client_roots"})
    if (answer(call, key) == nullptr) return done(mcp::NeedInput{all_three(), "multiple"});
  done(tool_text("All inputs received: " + call.round.answers.dump()));
}

// Two questions, one after the other; what was answered first travels in the state.
void multi_round(const mcp::ToolCall& call, const mcp::Context&, const Done& done) {
  if (const auto* second = answer(call, "step2"); second != nullptr && call.round.state)
    return done(tool_text("Completed: " + *call.round.state + ", " + filled_in(*second, "color")));
  if (const auto* first = answer(call, "step1"))
    return done(mcp::NeedInput{
        Json{{"step2", form("Step 2: What is your favorite color?", {{"color", {{"type", "string"}}}}, {"color"})}},
        "name=" + filled_in(*first, "name")});
  done(mcp::NeedInput{Json{{"step1", form("Step 1: What is your name?", {{"name", {{"type", "string"}}}}, {"name"})}},
                      "begin"});
}

// Asks for no more than the caller can give.
void by_capability(const mcp::ToolCall& call, const mcp::Context& context, const Done& done) {
  mcp::NeedInput need;
  const auto everything = all_three();
  for (const auto& [key, request] : everything.items()) {
    const auto method = request.value("method", "");
    const auto capability = method.substr(0, method.find('/'));
    if (context.client_capabilities.contains(capability) && answer(call, key.c_str()) == nullptr)
      need.requests[key] = request;
  }
  if (need.requests.empty()) return done(tool_text("Nothing more to ask."));
  done(need);
}

Json one_string(const char* name) {
  return {{"type", "object"}, {"properties", {{name, {{"type", "string"}}}}}, {"required", {name}}};
}

}  // namespace

void add_asking_tools(FixtureTools& tools) {
  const auto hello = [](const Json& given) { return "Hello, " + filled_in(given, "name") + "!"; };
  const auto ask_name = [](const mcp::ToolCall&) { return name_form(); };
  const std::string prefix = "test_input_required_result_";
  tools[prefix + "elicitation"] = {"Asks for a name.", one_question("user_name", ask_name, hello)};
  tools[prefix + "sampling"] = {
      "Asks the client's model.",
      one_question(
          "capital_question", [](const mcp::ToolCall&) { return sampling("What is the capital of France?", 100); },
          [](const Json& given) { return "The model says: " + text_of(given); })};
  tools[prefix + "list_roots"] = {"Asks for the client's roots.",
                                  one_question(
                                      "client_roots", [](const mcp::ToolCall&) { return roots(); },
                                      [](const Json& given) { return "Roots: " + given.dump(); })};
  const auto confirm = [](const mcp::ToolCall&) {
    return form("Please confirm", {{"ok", {{"type", "boolean"}}}}, {"ok"});
  };
  const auto state_ok = [](const Json&) { return std::string("state-ok"); };
  tools[prefix + "request_state"] = {"Carries a state.", one_question("confirm", confirm, state_ok, "state-1")};
  tools[prefix + "tampered_state"] = {"Carries a state.", one_question("confirm", confirm, state_ok, "state-2")};
  tools[prefix + "multiple_inputs"] = {"Asks for three things at once.", multiple_inputs};
  tools[prefix + "multi_round"] = {"Asks twice.", multi_round};
  tools[prefix + "capabilities"] = {"Asks for what the client can give.", by_capability};

  tools["test_sampling"] = {
      "Asks the client's model.",
      one_question(
          "sampled", [](const mcp::ToolCall& call) { return sampling(call.arguments.value("prompt", ""), 100); },
          [](const Json& given) { return "LLM response: " + text_of(given); }),
      one_string("prompt")};
  tools["test_elicitation"] = {"Asks the user.",
                               one_question(
                                   "user",
                                   [](const mcp::ToolCall& call) {
                                     return form(
                                         call.arguments.value("message", ""),
                                         {{"username", {{"type", "string"}, {"description", "User's response"}}},
                                          {"email", {{"type", "string"}, {"description", "User's email address"}}}},
                                         {"username", "email"});
                                   },
                                   [](const Json& given) { return "User response: " + given.dump(); }),
                               one_string("message")};
  tools["test_elicitation_sep1034_defaults"] = {
      "Asks with defaults.", one_question(
                                 "user", [](const mcp::ToolCall&) { return defaults_form(); }, elicited)};
  tools["test_elicitation_sep1330_enums"] = {"Asks with choices.",
                                             one_question(
                                                 "user", [](const mcp::ToolCall&) { return enums_form(); }, elicited)};
}

}  // namespace weir::conformance
