// Calls that need more than their arguments: modern callers get an input_required result and come again, legacy ones
// are asked in the middle of the call.
#include <catch2/catch.hpp>

#include "tests/mcp/http_client.h"
#include "tests/mcp/stdio_session.h"

using namespace weir;
using namespace weir::fakes;

namespace {

Json form() {
  return {
      {"method", "elicitation/create"},
      {"params", {{"message", "Name?"}, {"requestedSchema", {{"type", "object"}, {"properties", Json::object()}}}}}};
}

// Asks for a name, then greets; `states` are those that came back.
struct Asking {
  FakeHost host;
  std::vector<std::optional<std::string>> states;
  Asking() {
    host.on_call = [this](const mcp::ToolCall& call, const mcp::Context&, const FakeHost::Done& done) {
      states.push_back(call.round.state);
      if (!call.round.answers.contains("name")) return done(mcp::NeedInput{Json{{"name", form()}}, "step 1"});
      done(FakeHost::text("Hello, " + call.round.answers["name"].dump()));
    };
  }
};

struct OverHttp : Asking {
  mcp::Handler endpoint = mcp::http_endpoint(host.dispatcher, {});

  std::shared_ptr<FakeExchange> call(Json params, Json capabilities = {{"elicitation", Json::object()}}) {
    params["name"] = "echo";
    params = enveloped(std::move(params));
    params["_meta"]["io.modelcontextprotocol/clientCapabilities"] = std::move(capabilities);
    return send(endpoint, inbound(request(1, "tools/call", params).dump(), mirrors("tools/call", "echo")));
  }
};

}  // namespace

TEST_CASE_METHOD(OverHttp, "a round ends with what is asked and a sealed state, the next brings both back",
                 "[rounds]") {
  const auto first = call(Json::object())->json()["result"];
  CHECK(first["resultType"] == "input_required");
  CHECK(first["inputRequests"]["name"] == form());
  CHECK(first["requestState"].get<std::string>().find("step 1") == std::string::npos);
  CHECK_FALSE(first.contains("ttlMs"));

  const auto second =
      call({{"inputResponses", {{"name", {{"action", "accept"}}}}}, {"requestState", first["requestState"]}})->json();
  CHECK(second["result"]["resultType"] == "complete");
  CHECK(second["result"]["content"][0]["text"] == R"(Hello, {"action":"accept"})");
  CHECK(states == std::vector<std::optional<std::string>>{std::nullopt, "step 1"});
}

TEST_CASE_METHOD(OverHttp,
                 "a state that was changed, or belongs to other arguments, is refused before the host sees it",
                 "[rounds]") {
  const std::string state = call(Json::object())->json()["result"]["requestState"];
  for (const Json& params : {Json{{"requestState", state + "-TAMPERED"}}, Json{{"requestState", ""}},
                             Json{{"requestState", state}, {"arguments", {{"x", 1}}}}}) {
    const auto exchange = call(params);
    CHECK(exchange->status == 200);
    CHECK(exchange->json()["error"]["code"] == -32602);
  }
  CHECK(states.size() == 1);
  CHECK(call({{"requestState", 5}})->json()["error"]["code"] == -32602);
  CHECK(call({{"inputResponses", "no"}})->json()["error"]["code"] == -32602);
}

TEST_CASE_METHOD(OverHttp, "a client is asked only for what it declared", "[rounds]") {
  const auto exchange = call(Json::object(), {{"sampling", Json::object()}});
  CHECK(exchange->status == 400);
  CHECK(exchange->json()["error"]["code"] == -32021);
  CHECK(exchange->json()["error"]["data"]["requiredCapabilities"] == Json{{"elicitation", Json::object()}});
}

TEST_CASE_METHOD(OverHttp, "a tool's own needs are checked before it is called", "[rounds]") {
  host.offered[0].needs = {{"sampling", Json::object()}};
  CHECK(call(Json::object())->json()["error"]["data"]["requiredCapabilities"] == host.offered[0].needs);
  CHECK(states.empty());
  CHECK(call(Json::object(), {{"sampling", Json::object()}, {"elicitation", Json::object()}})->status == 200);
}

TEST_CASE_METHOD(OverHttp, "a legacy caller over HTTP is told how input could be had", "[rounds]") {
  const auto result = send(endpoint, inbound(request(1, "tools/call", {{"name", "echo"}}).dump()))->json()["result"];
  CHECK(result["isError"] == true);
  CHECK(result["content"][0]["text"].get<std::string>().find("over stdio") != std::string::npos);
}

TEST_CASE_METHOD(Asking, "a legacy caller over stdio is asked in the middle of its call", "[rounds]") {
  StdioSession session(host);
  session.say(request(0, "initialize",
                      {{"protocolVersion", "2025-11-25"}, {"capabilities", {{"elicitation", Json::object()}}}}));
  session.hear();
  session.say(request(1, "tools/call", {{"name", "echo"}}));
  const auto asked = session.hear();
  CHECK(asked["method"] == "elicitation/create");
  CHECK(asked["params"] == form()["params"]);
  session.say({{"jsonrpc", "2.0"}, {"id", "of somebody else"}, {"result", Json::object()}});
  session.say({{"jsonrpc", "2.0"}, {"id", asked["id"]}, {"result", {{"action", "decline"}}}});
  const auto answer = session.hear();
  CHECK(answer["id"] == 1);
  CHECK(answer["result"]["content"][0]["text"] == R"(Hello, {"action":"decline"})");
  CHECK(states.back() == "step 1");
}

TEST_CASE_METHOD(Asking, "a legacy caller that cannot be asked, or refuses, gets a result that says so", "[rounds]") {
  StdioSession session(host);
  const bool declares = GENERATE(false, true);
  session.say(request(0, "initialize",
                      {{"protocolVersion", "2025-11-25"},
                       {"capabilities", declares ? Json{{"elicitation", Json::object()}} : Json::object()}}));
  session.hear();
  session.say(request(1, "tools/call", {{"name", "echo"}}));
  if (declares) {
    const auto asked = session.hear();
    session.say({{"jsonrpc", "2.0"}, {"id", asked["id"]}, {"error", {{"code", -1}, {"message", "not now"}}}});
  }
  const auto result = session.hear()["result"];
  CHECK(result["isError"] == true);
  CHECK(result["content"][0]["text"].get<std::string>().find(declares ? "not now" : "elicitation") !=
        std::string::npos);
}

TEST_CASE_METHOD(Asking, "elicitation is not put to a revision that lacks it", "[rounds]") {
  StdioSession session(host);
  session.say(request(0, "initialize",
                      {{"protocolVersion", "2025-03-26"}, {"capabilities", {{"elicitation", Json::object()}}}}));
  session.hear();
  session.say(request(1, "tools/call", {{"name", "echo"}}));
  CHECK(session.hear()["result"]["isError"] == true);
}

TEST_CASE_METHOD(Asking, "cancelling the call withdraws the question", "[rounds]") {
  StdioSession session(host);
  session.say(request(0, "initialize",
                      {{"protocolVersion", "2025-11-25"}, {"capabilities", {{"elicitation", Json::object()}}}}));
  session.hear();
  session.say(request(1, "tools/call", {{"name", "echo"}}));
  const auto asked = session.hear();
  session.say({{"jsonrpc", "2.0"}, {"method", "notifications/cancelled"}, {"params", {{"requestId", 1}}}});
  const auto withdrawn = session.hear();
  CHECK(withdrawn["method"] == "notifications/cancelled");
  CHECK(withdrawn["params"]["requestId"] == asked["id"]);
  session.say({{"jsonrpc", "2.0"}, {"id", asked["id"]}, {"result", {{"action", "accept"}}}});
  session.fence();
}
