// What can be asked of the limits through the host: the tool weir_limits, a caller's own limits, the table of `weir
// limits`.
#include <catch2/catch.hpp>
#include <sstream>

#include "mcp/weir/decisions.h"
#include "mcp/weir/limits_command.h"
#include "mcp/weir/limits_tool.h"
#include "tests/mcp/host/scene.h"

namespace weir::mcp {
namespace {

using namespace std::chrono_literals;

// Two clients of one parent, and defaults for everybody else.
constexpr const char* kClients = R"(
[client_defaults]
rpm = 30
[clients.team]
tpm = 6_000
tpm_burst = 1_000
[clients.alice]
token = "env:ALICE"
parent = "team"
rpm = 60
rpm_burst = 2
[clients.bot]
token = "env:BOT"
priority = "batch"
)";

Json ask(Scene& scene, const Json& arguments, const std::string& principal = "anonymous") {
  scene.call("weir_limits", arguments, std::make_shared<Quiet>(), principal);
  scene.loop.run_for(0ms);
  const auto result = std::get<ToolResult>(scene.replies.back());
  CHECK_FALSE(result.is_error);
  CHECK(result.content.size() == 1);
  return result.structured.value();
}

TEST_CASE("weir_limits says how long a call would wait, and for what, and costs nothing", "[limits]") {
  Scene scene;
  const auto before = ask(scene, {{"tool", "summarise"}, {"input_tokens", 100}});
  CHECK(before["forecast"] == Json{{"would_wait_ms", 0}});
  scene.call("summarise", {{"text", "x"}});  // one request a second: the next waits
  scene.loop.run_for(0ms);
  REQUIRE(scene.http.requests.size() == 1);
  const auto after = ask(scene, {{"tool", "summarise"}, {"input_tokens", 100}});
  CHECK(after["forecast"] == Json::parse(R"({"would_wait_ms":1000,"limit":"rpm","of":"model","scope":"fast"})"));
  CHECK(after["models"]["fast"]["calls"]["admitted"] == 1);
  CHECK(after["models"].size() == 1);
  CHECK(ask(scene, {{"tool", "summarise"}, {"input_tokens", 100}}) == after);
}

TEST_CASE("weir_limits says when a call never fits, and what would", "[limits]") {
  Scene scene;
  const auto said = ask(scene, {{"tool", "summarise"}, {"input_tokens", 1'000'000}})["forecast"];
  CHECK(said["never"] == true);
  CHECK(said["limit"] == "tpm");
  CHECK(said["largest"] == 10'000);
}

TEST_CASE("weir_limits answers while every slot is taken and its model's queue is full", "[limits]") {
  Scene scene("", {.slots = 1, .queue_limit = 0});
  scene.call("summarise", {{"text", "x"}});
  scene.loop.run_for(2s);
  const auto said = ask(scene, {{"model", "fast"}});
  CHECK(said["server"]["in_flight"] == 1);
  CHECK(said["forecast"]["limit"] == "concurrency");
}

TEST_CASE("bad arguments to weir_limits are named, with what would be right", "[limits]") {
  Scene scene;
  scene.call("weir_limits", {{"tool", "sumarise"}});
  CHECK(scene.result().is_error);
  CHECK(scene.result().content[0]["text"].get<std::string>().find("summarise") != std::string::npos);
}

TEST_CASE("a caller sees its own limits and its parent's, and nobody else's", "[limits]") {
  Scene scene(kClients);
  const auto yours = [&](const std::string& who) {
    Json names = Json::array();
    const Json fast = ask(scene, Json::object(), who)["models"]["fast"];
    if (fast.contains("yours"))
      for (const Json& limit : fast["yours"])
        names.push_back(limit["of"].get<std::string>() + " " + limit["name"].get<std::string>());
    return names;
  };
  CHECK(yours("alice") == Json{"alice rpm", "team tpm"});
  CHECK(yours("bot") == Json{"bot rpm"});
  CHECK(yours("anonymous") == Json{"anonymous rpm"});
  CHECK(yours("oauth:somebody") == Json{"oauth:somebody rpm"});
}

TEST_CASE("a client's calls are held by its own limits and its parent's, and refused in their name", "[limits]") {
  const auto refused_by = [](const std::string& who, std::size_t bytes, int calls) {
    Scene scene(kClients, {.max_wait = 0s});
    for (int i = 0; i < calls; ++i) {
      scene.loop.run_for(1s);  // the model's own rate
      scene.call("summarise", {{"text", std::string(bytes, 'x')}}, std::make_shared<Quiet>(), who);
      scene.loop.run_for(0ms);
    }
    if (scene.replies.empty()) return Json();
    const Json refusal = std::get<ToolResult>(scene.replies.at(0)).meta["weir/refusal"];
    return Json{refusal["scope"], refusal["limit"]};
  };
  CHECK(refused_by("alice", 1, 7).is_null());
  CHECK(refused_by("alice", 1'500, 2) == Json{"team", "tpm"});  // some 600 of 1,000 each
  CHECK(refused_by("bot", 1'500, 1).is_null());
  CHECK(refused_by("bot", 1'500, 2) == Json{"bot", "rpm"});  // 30 a minute by default
}

TEST_CASE("what a client may not have at once is refused in its name, and another client has it", "[limits]") {
  Scene scene(kClients, {.max_wait = 0s});
  scene.call("summarise", {{"text", std::string(3'000, 'x')}}, std::make_shared<Quiet>(), "alice");
  scene.loop.run_for(0ms);
  REQUIRE(scene.replies.size() == 1);
  CHECK(scene.result().meta["weir/refusal"]["of"] == "client");
  CHECK(scene.result().meta["weir/refusal"]["scope"] == "team");
  CHECK(scene.result().meta["weir/refusal"]["largest"] == 1'000);
  scene.call("summarise", {{"text", std::string(3'000, 'x')}}, std::make_shared<Quiet>(), "bot");
  scene.loop.run_for(0ms);
  CHECK(scene.replies.size() == 1);
  CHECK(scene.http.requests.size() == 1);
}

TEST_CASE("a tool's max_concurrency holds its calls, and no other tool's", "[limits]") {
  Scene scene("max_concurrency = 1\n[tools.other]\ndescription = \"D.\"\nprompt = \"Hi\"\nmax_output_tokens = 10\n");
  for (const char* tool : {"summarise", "summarise", "other"}) {
    scene.call(tool, std::string(tool) == "other" ? Json::object() : Json{{"text", "x"}});
    scene.loop.run_for(2s);
  }
  CHECK(scene.http.requests.size() == 2);
  CHECK(scene.gate.state().waiting == 1);
  scene.http.answers[0](answer_of("done"));
  CHECK(scene.http.requests.size() == 3);
}

TEST_CASE("an operator hears of pauses and of limits that a provider names, and everything is counted", "[limits]") {
  Tally tally;
  std::vector<std::string> lines;
  Decisions decisions(tally, [&](const std::string& line) { lines.push_back(line); });
  decisions.name(0, "fast");
  decisions.name(0, "quick");  // a reload calls the same account and model so
  decisions.on(Paused{0, "tpm", 2s, false});
  decisions.on(Paused{1, "", 500ms, true});
  decisions.on(Adopted{0, "rpm", 500, 60});
  decisions.on(Admitted{{0, 0, 0}, {10, 5}, 3s, 1s});
  CHECK(lines ==
        std::vector<std::string>{
            "model \"quick\": its provider refused a call for its rate (tpm); closed for 2 s",
            "group 1: its provider refused a call for its rate, although something was left: less goes at once "
            "for some minutes; closed for 500 ms",
            "model \"quick\": its provider names rpm = 60, which holds from now on instead of 500"});
  CHECK(tally.of(0).pauses == 1);
  CHECK(tally.of(0).admitted == 1);
  CHECK(tally.of(0).throttled == 1s);
  CHECK(tally.of(0).queued == 2s);
}

TEST_CASE("the page as a table says what is left, who waits, and what is closed", "[limits]") {
  const std::string table =
      limits_table(Json::parse(R"({"server":{"concurrency_limit":8,"queue_limit":64,"in_flight":3,"waiting":2},
    "models":{"fast":{"in_flight":2,"waiting":2,"predicted_wait_ms":1500,"paused_for_ms":20000,
      "limits":{"rpm":{"amount":500,"per_s":60,"burst":9,"level":9,"shape":"bucket"},
                "tpm":{"amount":1200000,"per_s":60,"burst":200000,"level":-50,"shape":"rolling","closed_for_ms":20000}},
      "yours":[{"of":"alice","name":"rpd","amount":100,"per_s":86400,"burst":100,"level":50,"shape":"calendar","resets":"UTC"}],
      "calls":{"admitted":1234,"refused":1,"failed":0,"pauses":2,"queued_ms":10,"throttled_ms":61000,"used_tokens":5}}}})"));
  CHECK(table == R"(server: 3 of 8 calls in flight, 2 waiting (at most 64 for a model)
fast: 2 in flight, 2 waiting, the next call waits 1.5 s; paused by its provider for 20.0 s
  1,234 admitted, 1 refused, 0 failed, 2 pauses; waited 10 ms for slots, 61.0 s for limits; 5 tokens used

WHOSE          LIMIT   LEFT AT ONCE                                 AMOUNT
fast           rpm            9 / 9  ####################        500 / min
fast           tpm    -50 / 200,000  ....................  1,200,000 / min  rolling, debt, closed by the provider for 20.0 s
alice on fast  rpd         50 / 100  ##########..........        100 / day  calendar, resets at midnight of UTC
)");
}

TEST_CASE("a page that is not as expected makes a table all the same", "[limits]") {
  for (const char* page : {"{}", R"({"models":{"x":1}})", R"({"models":[],"server":3})",
                           R"({"models":{"x":{"limits":{"y":7},"yours":[1]}}})"}) {
    INFO(page);
    CHECK(limits_table(Json::parse(page)).starts_with("server: 0 of 0"));
  }
}

TEST_CASE("the server is asked where it listens, or on the loopback when it listens everywhere", "[limits]") {
  const auto url = [](const std::string& http, const std::string& cert = "") {
    ServerSettings server;
    server.http = http;
    server.tls_cert = cert;
    return url_of(server);
  };
  CHECK(url("127.0.0.1:8787") == "http://127.0.0.1:8787/mcp");
  CHECK(url("0.0.0.0:1") == "http://127.0.0.1:1/mcp");
  CHECK(url("[::]:2", "/cert") == "https://[::1]:2/mcp");
}

}  // namespace
}  // namespace weir::mcp
