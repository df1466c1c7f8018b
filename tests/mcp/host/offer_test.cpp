// What Weir offers beside its tools: prompts, resources, completions, instructions; and what a caller hears while it
// waits.
#include "mcp/weir/offer.h"

#include "tests/mcp/host/scene.h"

using namespace weir;
using namespace weir::mcp;
using namespace std::chrono_literals;

namespace {

Json page(Scene& scene, const std::string& uri) {
  std::optional<ReadReply> reply;
  scene.host.read({uri, {}}, {}, [&](ReadReply its_reply) { reply = std::move(its_reply); });
  scene.loop.run_for(1ms);
  REQUIRE(reply);
  const auto& contents = std::get<ResourceContents>(*reply).contents.at(0);
  CHECK(contents["uri"] == uri);
  return contents["mimeType"] == "application/json" ? Json::parse(contents["text"].get<std::string>())
                                                    : contents["text"];
}

std::vector<std::string> suggestions(Scene& scene, Complete call) {
  std::vector<std::string> values;
  scene.host.complete(std::move(call), {}, [&](CompleteReply reply) { values = std::get<Suggestions>(reply).values; });
  return values;
}

PromptReply prompt(Scene& scene, const std::string& name, std::map<std::string, std::string> arguments) {
  std::optional<PromptReply> reply;
  scene.host.get({name, std::move(arguments), {}}, {}, [&](PromptReply its_reply) { reply = std::move(its_reply); });
  REQUIRE(reply);
  return *reply;
}

using Strings = std::vector<std::string>;

}  // namespace

TEST_CASE("whoever wants to know hears how many tokens have come, and what is waited for", "[host]") {
  mcp::Scene scene(
      "[tools.long]\ndescription = \"d\"\nprompt = \"{{text}}\"\nmax_output_tokens = 5_000\n"
      "input.text = { type = \"string\" }\n",
      {.slots = 1});
  const auto first = std::make_shared<Recorded>(), second = std::make_shared<Recorded>();
  scene.call("long", {{"text", "t"}}, first);
  scene.call("long", {{"text", "t"}}, second);
  scene.loop.run_for(1s);
  REQUIRE(scene.http.pieces.size() == 1);
  const HttpResponse head{200, {{"content-type", "text/event-stream"}}, {}};
  scene.http.pieces[0](head, R"(data: {"choices":[{"delta":{"content":")" + std::string(4'960, 'x') +
                                 "\"},\"finish_reason\":null}]}\n\n");
  scene.loop.run_for(2s);
  REQUIRE(first->heard.size() == 1);
  CHECK(first->heard[0] == "the model is answering, 1,240 tokens (2 s so far)");
  REQUIRE(second->heard.size() == 1);
  CHECK(second->heard[0] == "waiting for concurrency (2 s so far)");
}

TEST_CASE("a tool that says so is a prompt: its inputs are the arguments, filled in they are its text", "[prompts]") {
  Scene scene("as_prompt = true\n");
  const auto& prompts = scene.host.offer()->prompts;
  REQUIRE(prompts.size() == 1);
  CHECK(prompts[0].name == "summarise");
  CHECK(prompts[0].arguments.size() == 4);
  const auto reply = prompt(scene, "summarise", {{"text", "Long."}, {"sentences", "2"}});
  const auto& messages = std::get<PromptResult>(reply).messages;
  REQUIRE(messages.size() == 1);
  CHECK(messages[0]["role"] == "user");
  CHECK(messages[0]["content"]["text"] == "Be calm. 0.5\n\nSummarise in 2 sentences:\n\nLong.");
}

TEST_CASE("a prompt's missing or bad argument is named; a tool that does not say so is no prompt", "[prompts]") {
  Scene scene("as_prompt = true\n");
  CHECK(std::get<ProtocolError>(prompt(scene, "summarise", {})).code == -32602);
  CHECK(std::get<ProtocolError>(prompt(scene, "summarise", {{"text", "x"}, {"sentences", "many"}}))
            .message.find("arguments.sentences") != std::string::npos);
  CHECK(std::get<ProtocolError>(prompt(scene, "sumarise", {})).message ==
        "no prompt named \"sumarise\"; did you mean \"summarise\"?");
  Scene without;
  CHECK(without.host.offer()->prompts.empty());
  CHECK(std::holds_alternative<ProtocolError>(prompt(without, "summarise", {{"text", "x"}})));
}

TEST_CASE("an argument is completed from its enum, a tool's URI from the tools", "[completion]") {
  Scene scene(
      "as_prompt = true\n[tools.toned]\ndescription = \"D.\"\nprompt = \"{{tone}}\"\nas_prompt = true\n"
      "input.tone = { type = \"string\", enum = [\"formal\", \"friendly\"], default = \"formal\" }\n");
  const auto of_tone = [](const std::string& typed) {
    return Complete{Complete::Of::prompt, "toned", "tone", typed, {}};
  };
  CHECK(suggestions(scene, of_tone("")) == Strings{"formal", "friendly"});
  CHECK(suggestions(scene, of_tone("fr")) == Strings{"friendly"});
  CHECK(suggestions(scene, of_tone("x")).empty());
  CHECK(suggestions(scene, {Complete::Of::prompt, "summarise", "text", "", {}}).empty());
  CHECK(suggestions(scene, {Complete::Of::prompt, "summarise", "calm", "t", {}}) == Strings{"true"});
  CHECK(suggestions(scene, {Complete::Of::resource, "weir://tools/{name}", "name", "su", {}}) == Strings{"summarise"});
  for (const auto& wrong : {Complete{Complete::Of::prompt, "nope", "tone", "", {}},
                            Complete{Complete::Of::prompt, "summarise", "nope", "", {}},
                            Complete{Complete::Of::resource, "weir://nope", "name", "", {}}})
    scene.host.complete(wrong, {}, [](CompleteReply reply) { CHECK(std::get<ProtocolError>(reply).code == -32602); });
}

TEST_CASE("weir://limits says what is left, in flight and waiting, at this moment", "[resources]") {
  Scene scene;
  const auto before = page(scene, "weir://limits");
  CHECK(before["server"]["in_flight"] == 0);
  CHECK(before["models"]["fast"]["predicted_wait_ms"] == 0);
  const auto level = before["models"]["fast"]["limits"]["tpm"]["level"].get<std::int64_t>();
  CHECK(level == before["models"]["fast"]["limits"]["tpm"]["burst"]);
  scene.call("summarise", {{"text", "x"}});
  scene.loop.run_for(0ms);
  const auto during = page(scene, "weir://limits");
  CHECK(during["server"]["in_flight"] == 1);
  CHECK(during["models"]["fast"]["in_flight"] == 1);
  CHECK(during["models"]["fast"]["limits"]["tpm"]["level"] < level);
}

TEST_CASE("a tool's page has its schemas, model and price; the configuration's page its text", "[resources]") {
  Scene scene;
  const auto tool = page(scene, "weir://tools/summarise");
  CHECK(tool["name"] == "summarise");
  CHECK(tool["inputSchema"]["required"] == Json{"text"});
  CHECK(tool["model"]["alias"] == "fast");
  CHECK(tool["model"]["usd_per_million_tokens"]["output"].is_null());  // not stated
  CHECK(tool["price"] == "of unknown price");
  CHECK(page(scene, "weir://config") == "# all of it\n");
}

TEST_CASE("what is not there is not found, by its URI, and cannot be subscribed to", "[resources]") {
  Scene scene;
  for (const std::string uri : {"weir://tools/nope", "weir://nope", "file:///etc/passwd", ""}) {
    std::optional<ReadReply> reply;
    scene.host.read({uri, {}}, {}, [&](ReadReply its_reply) { reply = std::move(its_reply); });
    const auto& error = std::get<ProtocolError>(reply.value());
    CHECK(error.code == -32002);
    CHECK(error.data.value()["uri"] == uri);
    CHECK_FALSE(scene.host.readable(uri, {}));
  }
  for (const std::string uri : {"weir://limits", "weir://config", "weir://tools/summarise"})
    CHECK(scene.host.readable(uri, {}));
}

TEST_CASE("who watches weir://limits is told at most once a second, and nobody costs a timer", "[resources]") {
  Scene scene;
  scene.call("summarise", {{"text", "x"}});
  scene.loop.run_for(0ms);
  const auto timers = scene.loop.timers();
  int told = 0;
  const auto subscription = scene.host.changes()->listen({.uris = {"weir://limits"}}, [&](const Change&) { ++told; });
  for (int i = 0; i < 10; ++i) scene.call("summarise", {{"text", std::to_string(i)}});
  scene.loop.run_for(999ms);
  CHECK(told == 0);
  scene.loop.run_for(1ms);
  CHECK(told == 1);
  scene.loop.run_for(10s);
  CHECK(told == 1);
  CHECK(timers == 0);
}

TEST_CASE("a caller that asked for progress is told every few seconds what its call waits for", "[progress]") {
  Scene scene;
  const auto sink = std::make_shared<Recorded>();
  scene.call("summarise", {{"text", "x"}}, sink);
  scene.loop.run_for(2s - 1ns);
  CHECK(sink->heard.empty());
  scene.loop.run_for(1ns);
  REQUIRE(sink->heard.size() == 1);
  CHECK(sink->heard[0] == "the model is answering (2 s so far)");
  scene.loop.run_for(60s);
  CHECK(sink->heard.size() == 13);
  scene.http.answers[0](answer_of("Short."));
  scene.loop.run_for(60s);
  CHECK(sink->heard.size() == 13);
  CHECK(sink->logged == Strings{"ok"});
  CHECK(scene.loop.timers() == 0);
}

TEST_CASE("a full queue is the server's own door: an error with a time to come back, not a result", "[host]") {
  Scene scene("", {.slots = 1, .queue_limit = 0});
  scene.call("summarise", {{"text", "first"}});
  scene.call("summarise", {{"text", "second"}});
  scene.loop.run_for(1ms);
  REQUIRE(scene.replies.size() == 1);
  const auto& error = std::get<ProtocolError>(scene.replies[0]);
  CHECK(error.code == 503);
  CHECK(error.retry_after_s.value() >= 1);
  CHECK(error.data.value()["limit"] == "queue");
  CHECK(error.data.value()["reason"] == "queue_full");
  CHECK(error.data.value()["predicted"] == false);
}

TEST_CASE("the instructions say how to read a refusal and what each tool costs", "[host]") {
  Scene scene;
  const auto text = scene.host.instructions();
  for (const char* part : {"retry_after_ms", "weir://limits", "summarise: of unknown price."})
    CHECK(text.find(part) != std::string::npos);
}

TEST_CASE("a tool is offered with the scopes that it needs, and becomes a task when it is slow", "[host]") {
  Scene scene("as_prompt = true\nscopes = [\"write\"]\n");
  CHECK(scene.host.offer()->tools[0].scopes == Strings{"write"});
  CHECK(scene.host.offer()->prompts[0].scopes == Strings{"write"});
  CHECK(scene.host.offer()->tools[0].task == TaskUse::when_slow);
}
