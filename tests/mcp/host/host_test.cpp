#include "tests/mcp/host/scene.h"

using namespace weir;
using namespace weir::mcp;

TEST_CASE("a call is filled, sent, and answered with what it used", "[host]") {
  Scene scene;
  scene.call("summarise", {{"text", "Long story."}, {"sentences", 1}});
  scene.loop.run_for(std::chrono::seconds(1));
  REQUIRE(scene.http.requests.size() == 1);
  const Json sent = Json::parse(scene.http.requests[0].body);
  CHECK(sent["messages"].back()["content"] == "Summarise in 1 sentences:\n\nLong story.");
  CHECK(scene.replies.empty());
  scene.http.answers[0](HttpResponse{200, {}, R"({"model":"m-1","choices":[{"message":{"content":"Short."},
    "finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":4}})"});
  REQUIRE(scene.replies.size() == 1);
  CHECK(scene.result().content[0]["text"] == "Short.");
  CHECK(scene.result().meta["weir/usage"]["output_tokens"] == 4);
  CHECK(scene.result().meta["weir/usage"]["took_ms"] == 1000);
  CHECK(scene.gate.state().slots_taken == 0);
}

TEST_CASE("an unknown tool is a protocol error with the nearest name; bad arguments are a result", "[host]") {
  Scene scene;
  scene.call("sumarise", Json::object());
  const auto& error = std::get<ProtocolError>(scene.replies.at(0));
  CHECK(error.code == -32602);
  CHECK(error.message == "no tool named \"sumarise\"; did you mean \"summarise\"?");
  scene.replies.clear();
  scene.call("summarise", {{"text", 5}});
  CHECK(scene.result().is_error);
  CHECK(scene.result().meta["weir/fault"] == "bad_input");
  CHECK(scene.http.requests.empty());
}

TEST_CASE("a caller that stops, before or after the request left, frees the slot and is answered once", "[host]") {
  Scene scene;
  const bool sent = GENERATE(false, true);
  scene.call("summarise", {{"text", "x"}});
  if (sent) scene.loop.run_for(std::chrono::seconds(1));
  CHECK(scene.http.in_flight == (sent ? 1 : 0));
  scene.stop.request_stop();
  scene.loop.run_for(std::chrono::seconds(1));
  CHECK(scene.http.in_flight == 0);
  CHECK(scene.gate.state().slots_taken == 0);
  CHECK(scene.flights.in_air() == 0);
  REQUIRE(scene.replies.size() == 1);
  CHECK(scene.result().meta["weir/fault"] == "cancelled");
}

TEST_CASE("the tools are offered in order, with both schemas", "[host]") {
  Scene scene;
  const auto tools = scene.host.offer()->tools;
  REQUIRE(tools.size() == 4);
  CHECK(tools[0].name == "summarise");
  CHECK(tools[1].name == "weir_estimate");
  CHECK(tools[2].name == "weir_limits");
  CHECK(tools[3].name == "weir_models");
  CHECK(tools[0].input_schema["required"] == Json::parse(R"(["text"])"));
  CHECK(tools[0].output_schema);
  CHECK(scene.host.identity().version == "9.9");
}
