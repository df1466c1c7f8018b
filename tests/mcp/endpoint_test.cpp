#include "mcp/endpoint.h"

#include <catch2/catch.hpp>
#include <limits>
#include <optional>

#include "tests/mcp/http_client.h"

using namespace weir;
using namespace weir::fakes;
using namespace std::chrono_literals;

namespace {

struct Fixture {
  FakeHost host;
  FakeLoop& loop = host.loop;
  mcp::Handler endpoint = mcp::http_endpoint(host.dispatcher, {});
  // What the host holds after a call that it has not answered.
  std::optional<mcp::Context> context;
  FakeHost::Done done;

  void hold_calls() {
    host.on_call = [this](const mcp::ToolCall&, mcp::Context its_context, FakeHost::Done its_done) {
      context = std::move(its_context);
      done = std::move(its_done);
    };
  }
};

mcp::Inbound with_token(Json token) {
  return modern("tools/call", {{"name", "echo"}, {"_meta", {{"progressToken", std::move(token)}}}});
}

mcp::Inbound from(mcp::Inbound request, const std::string& header, const std::string& value) {
  std::erase_if(request.headers, [&](const auto& entry) { return entry.first == header; });
  if (!value.empty()) request.headers.emplace_back(header, value);
  return request;
}

}  // namespace

TEST_CASE_METHOD(Fixture, "other methods than POST are 405 and told what to use", "[endpoint]") {
  for (const char* method : {"GET", "DELETE", "PUT", "OPTIONS", "HEAD"}) {
    auto request = inbound("");
    request.method = method;
    const auto exchange = send(endpoint, request);
    CHECK(exchange->status == 405);
    CHECK(exchange->header("Allow") == "POST");
  }
}

TEST_CASE_METHOD(Fixture, "Host and Origin are checked before anything else", "[endpoint]") {
  const auto status = [this](const std::string& header, const std::string& value) {
    return send(endpoint, from(modern("tools/list"), header, value))->status;
  };
  CHECK(status("host", "evil.example.com") == 403);
  CHECK(status("host", "") == 403);
  CHECK(status("origin", "null") == 403);
  CHECK(status("origin", "http://evil.example.com") == 403);
  CHECK(status("origin", "http://localhost:8787") == 200);
  auto twice = from(modern("tools/list"), "origin", "http://localhost:8787");
  twice.headers.emplace_back("origin", "http://localhost:8787");
  CHECK(send(endpoint, twice)->status == 403);
  auto get = from(inbound(""), "host", "evil.example.com");
  get.method = "GET";
  CHECK(send(endpoint, get)->status == 403);
}

TEST_CASE_METHOD(Fixture, "the media types must fit: 415 and 406", "[endpoint]") {
  CHECK(send(endpoint, from(modern("tools/list"), "content-type", "text/plain"))->status == 415);
  CHECK(send(endpoint, from(modern("tools/list"), "accept", "text/html"))->status == 406);
  CHECK(send(endpoint, from(modern("tools/list"), "accept", ""))->status == 200);
}

TEST_CASE_METHOD(Fixture, "an answer is JSON that no cache may keep", "[endpoint]") {
  const auto exchange = send(endpoint, modern("tools/list"));
  CHECK(exchange->header("Content-Type") == "application/json");
  CHECK(exchange->header("Cache-Control") == "no-store");
  CHECK_FALSE(exchange->streaming);
}

TEST_CASE_METHOD(Fixture, "who takes nothing but events gets the answer as one", "[endpoint]") {
  const auto exchange = send(endpoint, from(modern("tools/list"), "accept", "text/event-stream"));
  REQUIRE(exchange->events().size() == 1);
  CHECK(exchange->events()[0]["result"]["tools"].size() == 1);
  CHECK(exchange->closed);
}

TEST_CASE_METHOD(Fixture, "a call waits without an answer, and is answered from whatever thread, once", "[endpoint]") {
  hold_calls();
  const auto exchange = send(endpoint, modern("tools/call", {{"name", "echo"}}, "a"));
  CHECK(exchange->answers == 0);
  done(FakeHost::text("hello"));
  CHECK(exchange->answers == 0);  // encoded on the connection's thread
  exchange->run_posted();
  CHECK(exchange->json()["id"] == "a");
  CHECK(exchange->json()["result"]["content"][0]["text"] == "hello");
  done(FakeHost::text("again"));
  exchange->run_posted();
  CHECK(exchange->answers == 1);
}

TEST_CASE_METHOD(Fixture, "progress opens a stream that ends with the answer", "[endpoint]") {
  hold_calls();
  const auto exchange = send(endpoint, with_token("t"));
  context->sink->progress(0, 100, "starting");
  exchange->run_posted();
  CHECK(exchange->streaming);
  CHECK(exchange->header("Content-Type") == "text/event-stream");
  CHECK(exchange->header("Cache-Control") == "no-cache, no-transform");
  CHECK(exchange->header("X-Accel-Buffering") == "no");
  context->sink->progress(50, std::nullopt, "");
  exchange->run_posted();
  done(FakeHost::text("done"));
  exchange->run_posted();
  context->sink->progress(99, 100, "too late");
  exchange->run_posted();
  const auto events = exchange->events();
  REQUIRE(events.size() == 3);
  CHECK(events[0] == Json::parse(R"({"jsonrpc":"2.0","method":"notifications/progress",
      "params":{"progressToken":"t","progress":0.0,"total":100.0,"message":"starting"}})"));
  CHECK(events[1]["params"] == Json::parse(R"({"progressToken":"t","progress":50.0})"));
  CHECK(events[2]["result"]["content"][0]["text"] == "done");
  CHECK(exchange->closed);
  CHECK(exchange->answers == 1);
}

TEST_CASE_METHOD(Fixture, "a call that finishes before its progress is written answers plain JSON", "[endpoint]") {
  hold_calls();
  const auto exchange = send(endpoint, modern("tools/call", {{"name", "echo"}}));
  done(FakeHost::text("hello"));
  context->sink->progress(1, 2, "");
  exchange->run_posted();
  CHECK_FALSE(exchange->streaming);
}

TEST_CASE_METHOD(Fixture, "without a token, or for who takes no events, there is no progress", "[endpoint]") {
  hold_calls();
  for (auto request : {modern("tools/call", {{"name", "echo"}}), from(with_token(1), "accept", "application/json")}) {
    const auto exchange = send(endpoint, request);
    context->sink->progress(1, 2, "");
    CHECK(exchange->posted.empty());
    done(FakeHost::text("hello"));
    exchange->run_posted();
    CHECK_FALSE(exchange->streaming);
    CHECK(exchange->status == 200);
  }
}

TEST_CASE_METHOD(Fixture, "a token of legacy _meta works the same, and keeps its type", "[endpoint]") {
  hold_calls();
  const auto exchange =
      send(endpoint, inbound(request(1, "tools/call", {{"name", "echo"}, {"_meta", {{"progressToken", 7}}}}).dump()));
  context->sink->progress(1, 2, "");
  exchange->run_posted();
  CHECK(exchange->events()[0]["params"]["progressToken"].dump() == "7");
}

TEST_CASE_METHOD(Fixture, "progress that does not grow is dropped, and so is what cannot be a number", "[endpoint]") {
  hold_calls();
  const auto exchange = send(endpoint, with_token(1));
  for (const double done_so_far : {1.0, 1.0, 0.5, std::numeric_limits<double>::quiet_NaN(), 2.0}) {
    context->sink->progress(done_so_far, std::numeric_limits<double>::infinity(), "");
    exchange->run_posted();
  }
  REQUIRE(exchange->events().size() == 2);
  CHECK(exchange->events()[1]["params"] == Json::parse(R"({"progressToken":1,"progress":2.0})"));
}

TEST_CASE_METHOD(Fixture, "progress goes out ten times a second at most, after a burst of ten", "[endpoint]") {
  hold_calls();
  const auto exchange = send(endpoint, with_token(1));
  int value = 0;
  const auto report = [&](int times) {
    for (int i = 0; i < times; ++i) {
      context->sink->progress(++value, std::nullopt, "");
      exchange->run_posted();
    }
    return exchange->events().size();
  };
  CHECK(report(11) == 10);
  loop.run_for(99ms);
  CHECK(report(1) == 10);
  loop.run_for(1ms);
  CHECK(report(2) == 11);
}

TEST_CASE_METHOD(Fixture, "of progress that nobody has written yet only the last is kept", "[endpoint]") {
  hold_calls();
  const auto exchange = send(endpoint, with_token(1));
  for (int i = 1; i <= 5; ++i) context->sink->progress(i, 5, "");
  CHECK(exchange->posted.size() == 1);
  exchange->run_posted();
  REQUIRE(exchange->events().size() == 1);
  CHECK(exchange->events()[0]["params"]["progress"] == 5.0);
}

TEST_CASE_METHOD(Fixture, "a modern caller who goes away stops the call; a legacy one does not", "[endpoint]") {
  hold_calls();
  auto exchange = send(endpoint, modern("tools/call", {{"name", "echo"}}));
  CHECK_FALSE(context->stop.stop_requested());
  exchange->source.request_stop();
  CHECK(context->stop.stop_requested());
  exchange = send(endpoint, inbound(request(1, "tools/call", {{"name", "echo"}}).dump()));
  exchange->source.request_stop();
  CHECK_FALSE(context->stop.stop_requested());
}

TEST_CASE_METHOD(Fixture, "the host sees the capabilities of the request", "[endpoint]") {
  hold_calls();
  send(endpoint, modern("tools/call", {{"name", "echo"}, {"_meta", Json::object()}}));
  CHECK(context->client_capabilities == Json::object());
  auto params = enveloped({{"name", "echo"}});
  params["_meta"]["io.modelcontextprotocol/clientCapabilities"] = {{"sampling", Json::object()}};
  send(endpoint, inbound(request(1, "tools/call", params).dump(), mirrors("tools/call", "echo")));
  CHECK(context->client_capabilities.contains("sampling"));
}

TEST_CASE_METHOD(Fixture, "a host that throws is an internal error, not a crash, and tells the caller nothing of it",
                 "[endpoint]") {
  host.on_call = [](const mcp::ToolCall&, const mcp::Context&, const FakeHost::Done&) {
    throw std::runtime_error("secret");
  };
  const auto exchange = send(endpoint, modern("tools/call", {{"name", "echo"}}));
  CHECK(exchange->status == 200);
  CHECK(exchange->json()["error"]["code"] == -32603);
  CHECK(exchange->body.find("secret") == std::string::npos);
}

TEST_CASE_METHOD(Fixture, "a batch is answered when its last call is", "[endpoint]") {
  std::vector<FakeHost::Done> held;
  host.on_call = [&](const mcp::ToolCall&, const mcp::Context&, FakeHost::Done its_done) {
    held.push_back(std::move(its_done));
  };
  const auto call = [](int id) { return request(id, "tools/call", {{"name", "echo"}}); };
  const auto exchange = send(endpoint, inbound(Json::array({call(1), call(2)}).dump()));
  REQUIRE(held.size() == 2);
  held[1](FakeHost::text("second"));
  exchange->run_posted();
  CHECK(exchange->answers == 0);
  held[0](FakeHost::text("first"));
  exchange->run_posted();
  CHECK(exchange->json()[0]["result"]["content"][0]["text"] == "first");
  CHECK(exchange->json()[1]["result"]["content"][0]["text"] == "second");
}
