// Subscriptions: modern ones on a stream or a pipe, and what a legacy caller on a pipe is told unasked.
#include <catch2/catch.hpp>

#include "tests/mcp/http_client.h"
#include "tests/mcp/stdio_session.h"

using namespace weir;
using namespace weir::fakes;
using mcp::Change;

namespace {

const std::string kId = "io.modelcontextprotocol/subscriptionId";

struct Telling {
  FakeHost host;
  Telling() {
    host.tells_changes = host.beside.changing = host.beside.logging = true;
    host.beside.prompts.push_back({"p", "", "", {}, {}});
    host.beside.resources.push_back({"test://a", "a", "", "", ""});
  }
  void tell(Change::Kind kind, const std::string& key = "") { host.hub.publish({.kind = kind, .key = key}); }
};

struct OverHttp : Telling {
  mcp::Handler endpoint = mcp::http_endpoint(host.dispatcher, {});
  std::shared_ptr<FakeExchange> listen(Json notifications, Json id = 1) {
    return send(endpoint, modern("subscriptions/listen", {{"notifications", std::move(notifications)}}, std::move(id)));
  }
};

Json listen_line(Json id, Json notifications) {
  return request(std::move(id), "subscriptions/listen", enveloped({{"notifications", std::move(notifications)}}));
}

}  // namespace

TEST_CASE_METHOD(OverHttp, "the stream opens at once with what is honoured of the request", "[listen]") {
  const auto stream =
      listen({{"toolsListChanged", true}, {"resourceSubscriptions", {"test://a", "file:///etc/passwd"}}}, "s-1");
  CHECK(stream->status == 200);
  CHECK(stream->header("Content-Type") == "text/event-stream");
  REQUIRE(stream->events().size() == 1);
  CHECK(stream->events()[0] == Json::parse(R"({"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged",
    "params":{"notifications":{"toolsListChanged":true,"resourceSubscriptions":["test://a"]},
    "_meta":{"io.modelcontextprotocol/subscriptionId":"s-1"}}})"));
  CHECK_FALSE(stream->closed);
}

TEST_CASE_METHOD(OverHttp, "each stream hears what it asked for, marked with its own id", "[listen]") {
  const auto tools = listen({{"toolsListChanged", true}}, 1);
  const auto watched = listen({{"resourceSubscriptions", {"test://a"}}, {"promptsListChanged", true}}, "two");
  tell(Change::Kind::tools);
  tell(Change::Kind::prompts);
  tell(Change::Kind::resources);
  tell(Change::Kind::resource, "test://a");
  tell(Change::Kind::resource, "test://b");
  tools->run_posted();
  watched->run_posted();
  REQUIRE(tools->events().size() == 2);
  CHECK(tools->events()[1]["method"] == "notifications/tools/list_changed");
  CHECK(tools->events()[1]["params"]["_meta"][kId] == 1);
  REQUIRE(watched->events().size() == 3);
  CHECK(watched->events()[1]["method"] == "notifications/prompts/list_changed");
  CHECK(watched->events()[2]["params"] == Json{{"uri", "test://a"}, {"_meta", {{kId, "two"}}}});
}

TEST_CASE_METHOD(OverHttp, "when the server ends, the stream ends with its result", "[listen]") {
  const auto stream = listen({{"toolsListChanged", true}});
  host.hub.close();
  stream->run_posted();
  CHECK(stream->closed);
  CHECK(stream->events().back()["id"] == 1);
  CHECK(stream->events().back()["result"]["resultType"] == "complete");
  CHECK(stream->events().back()["result"]["_meta"][kId] == 1);
}

TEST_CASE_METHOD(OverHttp, "a caller that leaves, or does not read, gives its place free", "[listen]") {
  const bool leaves = GENERATE(true, false);
  std::vector<std::shared_ptr<FakeExchange>> streams;
  for (int i = 0; i < 4; ++i) streams.push_back(listen({{"toolsListChanged", true}}));
  const auto refused = listen(Json::object());
  CHECK(refused->status == 503);
  CHECK(refused->header("Retry-After") == "30");
  CHECK(refused->json()["error"]["code"] == 503);
  if (leaves) {
    streams[0]->source.request_stop();
  } else {
    streams[0]->reads = false;
    tell(Change::Kind::tools);
    streams[0]->run_posted();
  }
  CHECK(listen(Json::object())->streaming);
}

TEST_CASE_METHOD(OverHttp, "a subscription is refused in words where it cannot be", "[listen]") {
  CHECK(listen("all")->json()["error"]["message"] == "params.notifications must be an object: what to be told of");
  CHECK(listen({{"toolsListChanged", 1}})->json()["error"]["code"] == -32602);
  CHECK(listen({{"resourceSubscriptions", {1}}})->json()["error"]["code"] == -32602);
  Json uris = Json::array();
  for (int i = 0; i < 256; ++i) uris.push_back("test://" + std::to_string(i));
  CHECK(listen({{"resourceSubscriptions", uris}})->streaming);
  uris.push_back("one more");
  CHECK(listen({{"resourceSubscriptions", uris}})->json()["error"]["code"] == -32602);
  auto plain = modern("subscriptions/listen", {{"notifications", Json::object()}});
  std::erase_if(plain.headers, [](const auto& header) { return header.first == "accept"; });
  plain.headers.emplace_back("accept", "application/json");
  CHECK(send(endpoint, plain)->status == 406);
  host.tells_changes = false;
  CHECK(listen(Json::object())->json()["error"]["code"] == -32601);
}

TEST_CASE_METHOD(Telling, "a subscription on a pipe is told until it is cancelled, and has no answer then",
                 "[listen]") {
  StdioSession session(host);
  session.say(listen_line("s", {{"toolsListChanged", true}}));
  CHECK(session.hear()["method"] == "notifications/subscriptions/acknowledged");
  tell(Change::Kind::prompts);
  tell(Change::Kind::tools);
  CHECK(session.hear()["params"]["_meta"][kId] == "s");
  session.say({{"jsonrpc", "2.0"}, {"method", "notifications/cancelled"}, {"params", {{"requestId", "s"}}}});
  session.fence();
  tell(Change::Kind::tools);
  session.say(listen_line("s", {{"toolsListChanged", true}}));  // the id is free again
  CHECK(session.hear()["method"] == "notifications/subscriptions/acknowledged");
}

TEST_CASE_METHOD(Telling, "a subscription on a pipe ends with its result when the server ends", "[listen]") {
  StdioSession session(host);
  session.say(listen_line(7, {{"toolsListChanged", true}}));
  session.hear();
  host.hub.close();
  const auto end = session.hear();
  CHECK(end["id"] == 7);
  CHECK(end["result"]["_meta"][kId] == 7);
}

TEST_CASE_METHOD(Telling, "a legacy caller on a pipe is told of changes after its handshake, and of what it watches",
                 "[listen]") {
  StdioSession session(host);
  session.fence();
  tell(Change::Kind::tools);  // nobody has shaken hands yet
  session.say(request(0, "initialize", {{"protocolVersion", "2025-06-18"}, {"capabilities", Json::object()}}));
  const auto capabilities = session.hear()["result"]["capabilities"];
  CHECK(capabilities["tools"]["listChanged"] == true);
  CHECK(capabilities["resources"]["subscribe"] == true);
  tell(Change::Kind::tools);
  CHECK(session.hear() == Json::parse(R"({"jsonrpc":"2.0","method":"notifications/tools/list_changed","params":{}})"));
  tell(Change::Kind::resource, "test://a");
  session.say(request(1, "resources/subscribe", {{"uri", "test://a"}}));
  CHECK(session.hear()["result"] == Json::object());
  tell(Change::Kind::resource, "test://a");
  CHECK(session.hear()["params"] == Json{{"uri", "test://a"}});
  session.say(request(2, "resources/unsubscribe", {{"uri", "test://a"}}));
  session.hear();
  tell(Change::Kind::resource, "test://a");
  session.fence();
}

TEST_CASE_METHOD(OverHttp, "a legacy caller over HTTP is promised nothing that needs a session", "[listen]") {
  const auto result =
      send(endpoint,
           inbound(
               request(0, "initialize", {{"protocolVersion", "2025-11-25"}, {"capabilities", Json::object()}}).dump()))
          ->json()["result"];
  CHECK(result["capabilities"] == Json::parse(R"({"tools":{},"prompts":{},"resources":{}})"));
}

TEST_CASE_METHOD(Telling, "logs go to who asked: by level in each modern request, by setLevel on a legacy pipe",
                 "[logs]") {
  host.on_call = [](const mcp::ToolCall&, const mcp::Context& context, const FakeHost::Done& done) {
    context.sink->log(mcp::LogLevel::info, "x", "an info");
    context.sink->log(mcp::LogLevel::error, "", Json{{"an", "error"}});
    done(FakeHost::text("done"));
  };
  StdioSession session(host);
  const auto heard = [&](const Json& call) {
    session.say(call);
    std::vector<std::string> levels;
    for (auto message = session.hear(); message.contains("method"); message = session.hear())
      levels.push_back(message["params"]["level"]);
    return levels;
  };
  using Levels = std::vector<std::string>;
  const auto modern_call = [](const char* level) {
    auto params = enveloped({{"name", "echo"}});
    if (level != nullptr) params["_meta"]["io.modelcontextprotocol/logLevel"] = level;
    return request(1, "tools/call", params);
  };
  CHECK(heard(modern_call(nullptr)).empty());
  CHECK(heard(modern_call("info")) == Levels{"info", "error"});
  CHECK(heard(modern_call("notice")) == Levels{"error"});
  CHECK(heard(modern_call("critical")).empty());
  const auto legacy_call = request(2, "tools/call", {{"name", "echo"}});
  CHECK(heard(legacy_call) == Levels{"error"});
  session.say(request(3, "logging/setLevel", {{"level", "debug"}}));
  CHECK(session.hear()["result"] == Json::object());
  CHECK(heard(legacy_call) == Levels{"info", "error"});
  session.say(request(4, "logging/setLevel", {{"level", "loud"}}));
  CHECK(session.hear()["error"]["code"] == -32602);
}

TEST_CASE_METHOD(OverHttp, "logs open a stream over HTTP, and come in order before the answer", "[logs]") {
  host.on_call = [](const mcp::ToolCall&, const mcp::Context& context, const FakeHost::Done& done) {
    for (int i = 0; i < 3; ++i) context.sink->log(mcp::LogLevel::info, "", i);
    done(FakeHost::text("done"));
    context.sink->log(mcp::LogLevel::info, "", "too late");
  };
  const auto quiet = send(endpoint, modern("tools/call", {{"name", "echo"}}));
  CHECK_FALSE(quiet->streaming);
  const auto loud = send(
      endpoint, modern("tools/call", {{"name", "echo"}, {"_meta", {{"io.modelcontextprotocol/logLevel", "info"}}}}));
  const auto events = loud->events();
  REQUIRE(events.size() == 4);
  for (int i = 0; i < 3; ++i) CHECK(events[static_cast<std::size_t>(i)]["params"]["data"] == i);
  CHECK(events[3].contains("result"));
}
