// Which era a message over HTTP belongs to, row by row, and what each refusal looks like.
#include <catch2/catch.hpp>

#include "tests/mcp/http_client.h"

using namespace weir;
using namespace weir::fakes;

namespace {

const std::string kVersionKey = "io.modelcontextprotocol/protocolVersion";
const std::string kCapabilitiesKey = "io.modelcontextprotocol/clientCapabilities";

struct Outcome {
  int status;
  int code;  // 0 = a result
  bool operator==(const Outcome&) const = default;
};
std::ostream& operator<<(std::ostream& out, const Outcome& outcome) {
  return out << outcome.status << " " << outcome.code;
}

struct Fixture {
  FakeHost host;
  mcp::Handler endpoint = mcp::http_endpoint(host.dispatcher, {});

  std::shared_ptr<FakeExchange> post(const Json& body, mcp::Headers headers = {}) {
    return send(endpoint, inbound(body.dump(), std::move(headers)));
  }
  Outcome outcome(const Json& body, mcp::Headers headers = {}) {
    const auto exchange = post(body, std::move(headers));
    REQUIRE(exchange->answers == 1);
    if (exchange->body.empty()) return {exchange->status, 0};
    const auto json = exchange->json();
    return {exchange->status, json.contains("error") ? json["error"]["code"].get<int>() : 0};
  }
};

mcp::Headers version(const std::string& value) { return {{"mcp-protocol-version", value}}; }

Json list(Json params = Json::object()) { return request(1, "tools/list", std::move(params)); }

Json initialize(const std::string& version) {
  return request(0, "initialize",
                 {{"protocolVersion", version},
                  {"capabilities", Json::object()},
                  {"clientInfo", {{"name", "c"}, {"version", "1"}}}});
}

}  // namespace

TEST_CASE_METHOD(Fixture, "a claim without its other half, or of the wrong type, is 400 -32602", "[era]") {
  auto params = enveloped();
  params["_meta"].erase(kCapabilitiesKey);
  CHECK(outcome(list(params), mirrors("tools/list")) == Outcome{400, -32602});
  params["_meta"][kCapabilitiesKey] = nullptr;
  CHECK(outcome(list(params), mirrors("tools/list")) == Outcome{400, -32602});
  params = enveloped();
  params["_meta"].erase(kVersionKey);
  CHECK(outcome(list(params), mirrors("tools/list")) == Outcome{400, -32602});
  CHECK(outcome(list(params)) == Outcome{400, -32602});
  params["_meta"][kVersionKey] = 20260728;
  CHECK(outcome(list(params), mirrors("tools/list")) == Outcome{400, -32602});
}

TEST_CASE_METHOD(Fixture, "a claim without the version header, with two, or with another version is 400 -32020",
                 "[era]") {
  CHECK(outcome(list(enveloped()), {{"mcp-method", "tools/list"}}) == Outcome{400, -32020});
  auto twice = mirrors("tools/list");
  twice.emplace_back("mcp-protocol-version", kModern);
  CHECK(outcome(list(enveloped()), twice) == Outcome{400, -32020});
  CHECK(outcome(list(enveloped()), {{"mcp-protocol-version", "2025-11-25"}, {"mcp-method", "tools/list"}}) ==
        Outcome{400, -32020});
}

TEST_CASE_METHOD(Fixture, "an unknown version that header and body agree on is 400 -32022, with all that are served",
                 "[era]") {
  const auto exchange = post(list(enveloped(Json::object(), "v999.0.0")),
                             {{"mcp-protocol-version", "v999.0.0"}, {"mcp-method", "tools/list"}});
  CHECK(exchange->status == 400);
  const auto error = exchange->json()["error"];
  CHECK(error["code"] == -32022);
  CHECK(error["data"]["requested"] == "v999.0.0");
  CHECK(error["data"]["supported"] == Json({kModern, "2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"}));
}

TEST_CASE_METHOD(Fixture, "a legacy version in an envelope is refused without offering it back", "[era]") {
  const auto exchange = post(list(enveloped(Json::object(), "2025-11-25")),
                             {{"mcp-protocol-version", "2025-11-25"}, {"mcp-method", "tools/list"}});
  CHECK(exchange->status == 400);
  CHECK(exchange->json()["error"]["code"] == -32022);
  CHECK(exchange->json()["error"]["data"]["supported"] == Json({kModern}));
}

TEST_CASE_METHOD(Fixture, "Mcp-Method must mirror the method, to the letter", "[era]") {
  CHECK(outcome(list(enveloped()), mirrors("tools/list")) == Outcome{200, 0});
  CHECK(outcome(list(enveloped()), version(kModern)) == Outcome{400, -32020});
  CHECK(outcome(list(enveloped()), mirrors("TOOLS/LIST")) == Outcome{400, -32020});
  CHECK(outcome(list(enveloped()), mirrors("tools/call")) == Outcome{400, -32020});
  auto twice = mirrors("tools/list");
  twice.emplace_back("mcp-method", "tools/list");
  CHECK(outcome(list(enveloped()), twice) == Outcome{400, -32020});
}

TEST_CASE_METHOD(Fixture, "Mcp-Name must mirror the tool's name, plain or in a sentinel", "[era]") {
  const auto call = request(1, "tools/call", enveloped({{"name", "echo"}}));
  CHECK(outcome(call, mirrors("tools/call", "echo")) == Outcome{200, 0});
  CHECK(outcome(call, mirrors("tools/call", "=?base64?ZWNobw==?=")) == Outcome{200, 0});
  CHECK(outcome(call, mirrors("tools/call", "=?base64?ZWNobw?=")) == Outcome{400, -32020});
  CHECK(outcome(call, mirrors("tools/call")) == Outcome{400, -32020});
  CHECK(outcome(call, mirrors("tools/call", "Echo")) == Outcome{400, -32020});
  auto twice = mirrors("tools/call", "echo");
  twice.emplace_back("mcp-name", "echo");
  CHECK(outcome(call, twice) == Outcome{400, -32020});
}

TEST_CASE_METHOD(Fixture, "an unknown or removed method in an envelope is 404 -32601", "[era]") {
  for (const char* method :
       {"foo/bar", "initialize", "ping", "logging/setLevel", "resources/subscribe", "resources/unsubscribe",
        "prompts/list", "subscriptions/listen", "notifications/cancelled"})
    CHECK(outcome(request(1, method, enveloped()), mirrors(method)) == Outcome{404, -32601});
}

TEST_CASE_METHOD(Fixture, "an initialize in an envelope is told which versions there are", "[era]") {
  const auto message =
      post(request(1, "initialize", enveloped()), mirrors("initialize"))->json()["error"]["message"].get<std::string>();
  CHECK(message.find("2025-11-25") != std::string::npos);
}

TEST_CASE_METHOD(Fixture, "errors in a modern call's own params go out with 200", "[era]") {
  CHECK(outcome(request(1, "tools/call", enveloped({{"name", "nope"}})), mirrors("tools/call", "nope")) ==
        Outcome{200, -32602});
  CHECK(outcome(request(1, "tools/call", enveloped()), mirrors("tools/call")) == Outcome{200, -32602});
  CHECK(outcome(request(1, "tools/call", enveloped({{"name", "echo"}, {"arguments", {1}}})),
                mirrors("tools/call", "echo")) == Outcome{200, -32602});
  CHECK(outcome(list(enveloped({{"cursor", ""}})), mirrors("tools/list")) == Outcome{200, -32602});
  CHECK(outcome(list(enveloped({{"cursor", 1}})), mirrors("tools/list")) == Outcome{200, -32602});
  CHECK(outcome(list(enveloped({{"cursor", nullptr}})), mirrors("tools/list")) == Outcome{200, 0});
}

TEST_CASE_METHOD(Fixture, "an unknown log level, and a token that is no token, are -32602", "[era]") {
  auto params = enveloped();
  params["_meta"]["io.modelcontextprotocol/logLevel"] = "loud";
  CHECK(outcome(list(params), mirrors("tools/list")) == Outcome{200, -32602});
  params["_meta"]["io.modelcontextprotocol/logLevel"] = "info";
  CHECK(outcome(list(params), mirrors("tools/list")) == Outcome{200, 0});
  params["_meta"]["progressToken"] = Json::array();
  CHECK(outcome(list(params), mirrors("tools/list")) == Outcome{200, -32602});
  params["_meta"]["progressToken"] = nullptr;
  CHECK(outcome(list(params), mirrors("tools/list")) == Outcome{200, 0});
}

TEST_CASE_METHOD(Fixture, "a host's -32021 goes out with 400 in an envelope, and with 200 without one", "[era]") {
  host.on_call = [](const mcp::ToolCall&, const mcp::Context&, const FakeHost::Done& done) {
    done(mcp::ProtocolError{-32021, "needs sampling", Json{{"requiredCapabilities", {{"sampling", Json::object()}}}}});
  };
  CHECK(outcome(request(1, "tools/call", enveloped({{"name", "echo"}})), mirrors("tools/call", "echo")) ==
        Outcome{400, -32021});
  CHECK(outcome(request(1, "tools/call", {{"name", "echo"}})) == Outcome{200, -32021});
}

TEST_CASE_METHOD(Fixture, "a modern header over a body without a claim is 400 -32602 that names both keys", "[era]") {
  const auto exchange = post(list(), mirrors("tools/list"));
  CHECK(exchange->status == 400);
  CHECK(exchange->json()["error"]["code"] == -32602);
  const auto message = exchange->json()["error"]["message"].get<std::string>();
  CHECK(message.find(kVersionKey) != std::string::npos);
  CHECK(message.find(kCapabilitiesKey) != std::string::npos);
  CHECK(outcome(initialize(kModern), version(kModern)) == Outcome{400, -32602});
}

TEST_CASE_METHOD(Fixture, "initialize echoes a legacy version and offers the newest legacy one for any other",
                 "[era]") {
  const auto agreed = [this](const std::string& asked) {
    return post(initialize(asked))->json()["result"]["protocolVersion"];
  };
  for (const char* served : {"2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"}) CHECK(agreed(served) == served);
  for (const char* other : {"2026-07-28", "1999-01-01", "2025-11-26", ""}) CHECK(agreed(other) == "2025-11-25");
}

TEST_CASE_METHOD(Fixture, "initialize may come with a legacy version header, not with an unknown one", "[era]") {
  CHECK(outcome(initialize("2025-06-18"), version("2025-06-18")) == Outcome{200, 0});
  CHECK(outcome(initialize("2025-06-18"), version("2025-11-25")) == Outcome{200, 0});
  CHECK(outcome(initialize("2025-06-18"), version("1.0")) == Outcome{400, -32022});
  CHECK(outcome(request(0, "initialize")) == Outcome{200, -32602});
}

TEST_CASE_METHOD(Fixture, "without a claim a legacy header, or none, is served as legacy and without a handshake",
                 "[era]") {
  CHECK(outcome(list(), version("2025-11-25")) == Outcome{200, 0});
  CHECK(outcome(list(), version("2024-11-05")) == Outcome{200, 0});
  CHECK(outcome(list()) == Outcome{200, 0});
  CHECK(outcome(list(), version("2025-11-26")) == Outcome{400, -32022});
  CHECK(outcome(list(), version("")) == Outcome{400, -32022});
  CHECK(outcome(list(), {{"mcp-protocol-version", "2025-11-25"}, {"mcp-protocol-version", "2025-11-25"}}) ==
        Outcome{400, -32020});
}

TEST_CASE_METHOD(Fixture, "legacy errors of requests go out with 200", "[era]") {
  CHECK(outcome(request(1, "foo/bar")) == Outcome{200, -32601});
  CHECK(outcome(request(1, "server/discover")) == Outcome{200, -32601});
  CHECK(outcome(request(1, "tools/call", {{"name", "nope"}})) == Outcome{200, -32602});
  CHECK(outcome(request(1, "tools/call")) == Outcome{200, -32602});
}

TEST_CASE_METHOD(Fixture, "a ping is answered with an empty result", "[era]") {
  CHECK(post(request("p", "ping"))->json() == Json::parse(R"({"jsonrpc":"2.0","id":"p","result":{}})"));
}

TEST_CASE_METHOD(Fixture, "Mcp-Method and Mcp-Name are not looked at in legacy traffic", "[era]") {
  CHECK(outcome(list(), {{"mcp-method", "other"}, {"mcp-name", "=?base64?*?="}}) == Outcome{200, 0});
}

TEST_CASE_METHOD(Fixture, "notifications and posted responses are accepted, with nothing to say", "[era]") {
  for (const char* body : {R"({"jsonrpc":"2.0","method":"notifications/initialized"})",
                           R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}})",
                           R"({"jsonrpc":"2.0","method":"tools/call","params":{"name":"echo"}})",
                           R"({"jsonrpc":"2.0","id":1,"result":{}})"}) {
    const auto exchange = post(Json::parse(body));
    CHECK(exchange->status == 202);
    CHECK(exchange->body.empty());
  }
  CHECK(outcome(Json::parse(R"({"jsonrpc":"2.0","id":1,"result":{}})"), version(kModern)).status == 400);
}

TEST_CASE_METHOD(Fixture, "a batch is answered in its order, leaving out what needs no answer", "[era]") {
  const Json ping = request(1, "ping");
  const Json note = {{"jsonrpc", "2.0"}, {"method", "notifications/initialized"}};
  const auto exchange = post(Json::array(
      {ping, note, 5, request(2, "tools/call", {{"name", "echo"}}), request(3, "nope"), initialize("2025-03-26")}));
  CHECK(exchange->status == 200);
  const auto answers = exchange->json();
  REQUIRE(answers.size() == 5);
  CHECK(answers[0]["result"] == Json::object());
  CHECK(answers[1]["error"]["code"] == -32600);
  CHECK(answers[2]["id"] == 2);
  CHECK(answers[2]["result"]["content"][0]["text"] == "{}");
  CHECK(answers[3]["error"]["code"] == -32601);
  CHECK(answers[4]["error"]["code"] == -32600);
  CHECK(post(Json::array({note, note}))->status == 202);
  CHECK(post(Json::array({note, note}))->body.empty());
}

TEST_CASE_METHOD(Fixture, "a batch is refused when it is empty, too long, of another version, or has a claim in it",
                 "[era]") {
  const Json ping = request(1, "ping");
  CHECK(outcome(Json::array()) == Outcome{400, -32600});
  CHECK(outcome(Json::array({ping}), version("2025-06-18")) == Outcome{400, -32600});
  CHECK(outcome(Json::array({ping}), version(kModern)) == Outcome{400, -32600});
  CHECK(outcome(Json::array({ping}), version("1.0")) == Outcome{400, -32022});
  CHECK(outcome(Json::array({ping, list(enveloped())})) == Outcome{400, -32600});
  CHECK(post(Json(100, ping), version("2025-03-26"))->json().size() == 100);
  CHECK(outcome(Json(101, ping), version("2025-03-26")) == Outcome{400, -32600});
}

TEST_CASE_METHOD(Fixture, "a body that is no message is 400 with the id, if it could be read", "[era]") {
  CHECK(send(endpoint, inbound("{"))->status == 400);
  CHECK(send(endpoint, inbound("{"))->json()["error"]["code"] == -32700);
  CHECK_FALSE(send(endpoint, inbound("{"))->json().contains("id"));
  CHECK(send(endpoint, inbound(R"({"id":9,"method":"ping"})"))->json()["id"] == 9);
}
