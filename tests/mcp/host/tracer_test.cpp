#include "mcp/weir/tracer.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "mcp/weir/spans.h"
#include "tests/fakes/fake_http.h"
#include "tests/fakes/fake_loop.h"
#include "tests/mcp/host/records.h"

namespace weir::mcp {
namespace {

using Json = nlohmann::json;

struct Traced {
  fakes::FakeLoop loop;
  fakes::FakeHttp http;
  std::mt19937_64 random{1};
  std::vector<std::string> complaints;
  Tracer tracer;

  static TracerOptions options(Traced& traced, TracerOptions more) {
    more.settings.endpoint = "http://127.0.0.1:4318/v1/traces";
    more.version = "1.2.3";
    more.complain = [&traced](const std::string& line) { traced.complaints.push_back(line); };
    return more;
  }
  explicit Traced(TracerOptions more = {}) : tracer(loop, http, random, options(*this, std::move(more))) {}

  void end_calls(int many) {
    for (int i = 0; i < many; ++i) tracer.ended(a_call());
  }
  Json sent(std::size_t i) { return Json::parse(http[i].request.body); }
  std::size_t spans_sent(std::size_t i) { return sent(i)["resourceSpans"][0]["scopeSpans"][0]["spans"].size(); }
};

// The attributes of a span or an event, by name.
std::map<std::string, Json> by_key(const Json& of) {
  std::map<std::string, Json> found;
  for (const Json& each : of["attributes"]) found[each["key"]] = each["value"];
  return found;
}

TEST_CASE("a span is written as OTLP's JSON has it, and not otherwise", "[tracer]") {
  const Span span{.context = a_context(0xBB),
                  .parent = a_context(0xAA).span,
                  .parent_is_remote = true,
                  .name = "tools/call x",
                  .kind = Span::Of::server,
                  .started = kNoon,
                  .ended = kNoon + 5ns,
                  .attributes = {{"a", std::string("text")},
                                 {"b", std::int64_t{9'007'199'254'740'993}},
                                 {"c", 0.5},
                                 {"d", true},
                                 {"e", std::vector<std::string>{"x", "y"}}},
                  .events = {{kNoon + 1ns, "weir.queued", {{"n", std::int64_t{-1}}}}},
                  .failed = true,
                  .message = "refused"};
  CHECK(
      otlp_span(span) ==
      R"({"traceId":"0102030405060708090a0b0c0d0e0f10","spanId":"bbbbbbbbbbbbbbbb","parentSpanId":"aaaaaaaaaaaaaaaa",)"
      R"("flags":769,"name":"tools/call x","kind":2,"startTimeUnixNano":"1795348800000000000",)"
      R"("endTimeUnixNano":"1795348800000000005","attributes":[{"key":"a","value":{"stringValue":"text"}},)"
      R"({"key":"b","value":{"intValue":"9007199254740993"}},{"key":"c","value":{"doubleValue":0.5}},)"
      R"({"key":"d","value":{"boolValue":true}},)"
      R"({"key":"e","value":{"arrayValue":{"values":[{"stringValue":"x"},{"stringValue":"y"}]}}}],)"
      R"("events":[{"timeUnixNano":"1795348800000000001","name":"weir.queued","attributes":[{"key":"n","value":)"
      R"({"intValue":"-1"}}]}],"status":{"code":2,"message":"refused"}})");
}

TEST_CASE("a root span has no parent, one that went well no status, and none ends before it begins", "[tracer]") {
  Span span{.context = a_context(1), .name = "x", .started = kNoon, .ended = kNoon - 1s};
  span.context.state = "vendor=1";
  span.name = "broken \xFF";
  const Json json = Json::parse(otlp_span(span));
  CHECK_FALSE(json.contains("parentSpanId"));
  CHECK_FALSE(json.contains("status"));
  CHECK(json["flags"] == 1);
  CHECK(json["traceState"] == "vendor=1");
  CHECK(json["endTimeUnixNano"] == json["startTimeUnixNano"]);
  CHECK(json["name"] == "broken \xEF\xBF\xBD");
}

TEST_CASE("a request says whose spans they are", "[tracer]") {
  CHECK(otlp_request({.service = "weir", .version = "1"}, {"{}", "{}"}) ==
        R"({"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"weir"}},)"
        R"({"key":"service.version","value":{"stringValue":"1"}}]},"scopeSpans":[{"scope":{"name":"weir",)"
        R"("version":"1"},"spans":[{},{}]}]}]})");
}

TEST_CASE("a receiver's partial success is read, whatever it is", "[tracer]") {
  CHECK(otlp_answer(R"({"partialSuccess":{"rejectedSpans":"3","errorMessage":"old"}})").rejected == 3);
  CHECK(otlp_answer(R"({"partialSuccess":{"rejectedSpans":3,"errorMessage":"old"}})").message == "old");
  for (const char* none : {"", "{}", "[]", "nonsense", R"({"partialSuccess":null})", R"({"partialSuccess":{}})",
                           R"({"partialSuccess":{"rejectedSpans":"-3"}})", R"({"partialSuccess":{"rejectedSpans":-3}})",
                           R"({"partialSuccess":{"rejectedSpans":"99999999999999999999"}})"}) {
    INFO(none);
    CHECK(otlp_answer(none).rejected == 0);
  }
}

TEST_CASE("a call is a server's span below its caller's, in the conventions' words", "[tracer]") {
  CallRecord call = a_call();
  call.outcome = "refused";
  call.refused_by = "tpm";
  const Json span = Json::parse(otlp_span(span_of(call)));
  CHECK(span["name"] == "tools/call summarise");
  CHECK(span["kind"] == 2);
  CHECK(span["spanId"] == "bbbbbbbbbbbbbbbb");
  CHECK(span["parentSpanId"] == "aaaaaaaaaaaaaaaa");
  CHECK(span["status"] == Json{{"code", 2}, {"message", "refused by tpm"}});
  const auto said = by_key(span);
  CHECK(said.at("mcp.method.name")["stringValue"] == "tools/call");
  CHECK(said.at("gen_ai.operation.name")["stringValue"] == "execute_tool");
  CHECK(said.at("gen_ai.tool.name")["stringValue"] == "summarise");
  CHECK(said.at("network.transport")["stringValue"] == "tcp");
  CHECK(said.at("error.type")["stringValue"] == "tool_error");
  CHECK(said.at("weir.client")["stringValue"] == "ci");
  CHECK(said.at("weir.throttled_ms")["intValue"] == "20");
  CHECK_FALSE(said.contains("weir.rows"));
}

TEST_CASE("a flight is a client's span below the call's, with events for its waiting and each attempt", "[tracer]") {
  AttemptRecord limited = an_attempt();
  limited.outcome = "rate_limited";
  limited.status = 429;
  limited.used.reset();
  limited.cost_nano = 0;
  AttemptRecord second = an_attempt();
  second.number = 2;
  second.streamed = true;
  second.first_byte = 80ms;
  const Json span = Json::parse(otlp_span(span_of(a_flight({limited, second}))));
  CHECK(span["name"] == "chat gpt-4.1-nano");
  CHECK(span["kind"] == 3);
  CHECK(span["spanId"] == "cccccccccccccccc");
  CHECK(span["parentSpanId"] == "bbbbbbbbbbbbbbbb");
  CHECK(span["flags"] == 0x101);
  CHECK_FALSE(span.contains("status"));
  const auto said = by_key(span);
  CHECK(said.at("gen_ai.operation.name")["stringValue"] == "chat");
  CHECK(said.at("gen_ai.provider.name")["stringValue"] == "openai");
  CHECK(said.at("gen_ai.request.max_tokens")["intValue"] == "400");
  CHECK(said.at("gen_ai.response.model")["stringValue"] == "gpt-4.1-nano-2025");
  CHECK(said.at("gen_ai.response.finish_reasons")["arrayValue"]["values"][0]["stringValue"] == "stop");
  CHECK(said.at("gen_ai.response.time_to_first_chunk")["doubleValue"] == 0.08);
  CHECK(said.at("gen_ai.usage.input_tokens")["intValue"] == "100");
  CHECK(said.at("gen_ai.usage.output_tokens")["intValue"] == "50");
  CHECK(said.at("gen_ai.usage.cache_read.input_tokens")["intValue"] == "30");
  CHECK(said.at("gen_ai.usage.reasoning.output_tokens")["intValue"] == "20");
  CHECK(said.at("weir.cost_usd")["doubleValue"] == 0.0015);
  std::vector<std::string> events;
  for (const Json& event : span["events"]) events.push_back(event["name"]);
  CHECK(events == std::vector<std::string>{"weir.queued", "weir.reserved", "weir.attempt", "weir.retry", "weir.queued",
                                           "weir.reserved", "weir.attempt"});
  CHECK(by_key(span["events"][0]).at("weir.throttled_ms.tpm")["intValue"] == "20");
  CHECK(by_key(span["events"][1]).at("weir.reserved_input_tokens")["intValue"] == "120");
  CHECK(by_key(span["events"][2]).at("error.type")["stringValue"] == "429");
  CHECK(by_key(span["events"][2]).at("http.response.status_code")["intValue"] == "429");
}

TEST_CASE("a flight that embeds, for Google, and one that was refused before it was sent", "[tracer]") {
  FlightRecord flight = a_flight({});
  flight.embeds = true;
  flight.provider = "google";
  flight.outcome = "refused";
  flight.refusal = Refusal{.of = Refusal::Scope::model, .scope = "fast", .limit = "rpd"};
  const Json span = Json::parse(otlp_span(span_of(flight)));
  CHECK(span["name"] == "embeddings gpt-4.1-nano");
  CHECK(by_key(span).at("gen_ai.provider.name")["stringValue"] == "gcp.gemini");
  CHECK(by_key(span).at("error.type")["stringValue"] == "refused");
  CHECK(span["status"]["message"] == "refused by rpd");
  CHECK_FALSE(span.contains("events"));
}

TEST_CASE("of a flight with an attempt of unknown cost the cost is not told", "[tracer]") {
  AttemptRecord unknown = an_attempt();
  unknown.cost_nano.reset();
  const auto said = by_key(Json::parse(otlp_span(span_of(a_flight({an_attempt(), unknown})))));
  CHECK_FALSE(said.contains("weir.cost_usd"));
}

TEST_CASE("a call goes on in its caller's trace, sampled as it is there", "[tracer]") {
  std::mt19937_64 random(1);
  for (const bool sampled : {true, false}) {
    TraceContext parent = a_context(0xAA, sampled);
    parent.state = "vendor=1";
    const TraceContext mine = begin_trace(parent, sampled ? 0 : 1, random);
    CHECK(mine.trace == parent.trace);
    CHECK(mine.span != parent.span);
    CHECK(mine.sampled == sampled);
    CHECK(mine.state == "vendor=1");
  }
}

TEST_CASE("of the traces that begin here the share that was asked for is kept", "[tracer]") {
  std::mt19937_64 random(1);
  const auto kept = [&](double share) {
    int many = 0;
    for (int i = 0; i < 10'000; ++i) many += begin_trace({}, share, random).sampled;
    return many;
  };
  CHECK(kept(0) == 0);
  CHECK(kept(1) == 10'000);
  CHECK(kept(0.25) == Approx(2'500).margin(200));
  const TraceContext one = begin_trace({}, 1, random), other = begin_trace({}, 1, random);
  CHECK(one.trace != other.trace);
  CHECK(one.trace != TraceContext{}.trace);
  CHECK(one.span != other.span);
}

TEST_CASE("spans go out together after a second, or at once when there are many", "[tracer]") {
  Traced traced({.batch = 3});
  traced.end_calls(2);
  traced.loop.run_for(999ms);
  CHECK(traced.http.count() == 0);
  traced.loop.run_for(1ms);
  REQUIRE(traced.http.count() == 1);
  CHECK(traced.spans_sent(0) == 2);
  traced.http.answer_last(HttpResponse{200, {}, "{}"});
  traced.end_calls(3);
  REQUIRE(traced.http.count() == 2);
  CHECK(traced.spans_sent(1) == 3);
  CHECK(traced.tracer.counts().exported == 2);
  CHECK(traced.tracer.counts().queued == 3);
}

TEST_CASE("the request goes where it was said, with its authorization", "[tracer]") {
  TracerOptions options{.batch = 1};
  options.settings.authorization = Secret("Bearer secret", "env:OTLP");
  Traced traced(options);
  traced.end_calls(1);
  const HttpRequest& request = traced.http[0].request;
  CHECK(request.method == "POST");
  CHECK(request.url == "http://127.0.0.1:4318/v1/traces");
  CHECK(std::count(request.headers.begin(), request.headers.end(),
                   std::pair<std::string, std::string>("Content-Type", "application/json")) == 1);
  CHECK(std::count(request.headers.begin(), request.headers.end(),
                   std::pair<std::string, std::string>("Authorization", "Bearer secret")) == 1);
}

TEST_CASE("what is not sampled is not told, and without an endpoint nothing is kept", "[tracer]") {
  Traced traced({.batch = 1});
  CallIdentity who = an_identity();
  who.trace.sampled = false;
  CallRecord call = a_call();
  call.call = std::make_shared<const CallIdentity>(who);
  FlightRecord flight = a_flight();
  flight.trace.sampled = false;
  traced.tracer.ended(call);
  traced.tracer.flown(flight);
  CHECK(traced.http.count() == 0);

  Tracer nowhere(traced.loop, traced.http, traced.random, {.batch = 1});
  nowhere.ended(a_call());
  CHECK(traced.http.count() == 0);
  CHECK(nowhere.counts().queued == 0);
}

TEST_CASE("one request at a time, and what comes meanwhile waits; what does not fit is dropped and counted",
          "[tracer]") {
  Traced traced({.batch = 2, .queue = 3});
  traced.end_calls(2);
  traced.end_calls(3);
  CHECK(traced.http.count() == 1);
  CHECK(traced.tracer.counts().dropped == 0);
  traced.end_calls(1);
  CHECK(traced.tracer.counts().dropped == 1);
  REQUIRE(traced.complaints.size() == 1);
  CHECK(traced.complaints[0].find("the queue is full") != std::string::npos);
  traced.end_calls(1);
  CHECK(traced.complaints.size() == 1);  // at most one a minute
  traced.http.answer_last(HttpResponse{200, {}, ""});
  CHECK(traced.http.count() == 2);
}

TEST_CASE("the queue is bounded by bytes too", "[tracer]") {
  const std::size_t one = otlp_span(span_of(a_call())).size();
  Traced traced({.queue_bytes = 2 * one});
  traced.end_calls(2);
  CHECK(traced.tracer.counts().queued == 2);
  traced.end_calls(1);
  CHECK(traced.tracer.counts().queued == 2);
  CHECK(traced.tracer.counts().dropped == 1);
}

TEST_CASE("a receiver that is busy is asked again, not before it says; the same spans go again", "[tracer]") {
  for (const int status : {429, 502, 503, 504}) {
    Traced traced({.batch = 1});
    traced.end_calls(1);
    traced.http.answer_last(HttpResponse{status, {{"retry-after", "5"}}, ""});
    traced.loop.run_for(4999ms);
    CHECK(traced.http.count() == 1);
    traced.loop.run_for(10s);
    REQUIRE(traced.http.count() == 2);
    CHECK(traced.http[1].request.body == traced.http[0].request.body);
    traced.http.answer_last(HttpResponse{200, {}, "{}"});
    CHECK(traced.tracer.counts().exported == 1);
    CHECK(traced.tracer.counts().dropped == 0);
  }
}

TEST_CASE("a receiver that refuses is not asked again", "[tracer]") {
  for (const int status : {301, 400, 401, 404, 500}) {
    Traced traced({.batch = 1});
    traced.end_calls(1);
    traced.http.answer_last(HttpResponse{status, {}, ""});
    traced.loop.run_for(1h);
    CHECK(traced.http.count() == 1);
    CHECK(traced.tracer.counts().dropped == 1);
    CHECK(traced.complaints.size() == 1);
  }
}

TEST_CASE("a receiver that is away is given up after a while, and tried anew with what comes then", "[tracer]") {
  Traced traced({.batch = 1});
  traced.end_calls(1);
  const Instant began = traced.loop.now();
  while (traced.tracer.counts().dropped == 0) {
    REQUIRE(traced.http.last().done);
    traced.http.answer_last(tl::unexpected(HttpFailure{Fault::unavailable, "connection refused"}));
    if (traced.tracer.counts().dropped == 0) {
      const std::size_t before = traced.http.count();
      while (traced.http.count() == before) REQUIRE(traced.loop.step(Instant::max()));
    }
  }
  CHECK(traced.http.count() > 2);
  CHECK(traced.loop.now() - began <= 60s);
  traced.end_calls(1);
  traced.http.answer_last(HttpResponse{200, {}, "{}"});
  CHECK(traced.tracer.counts().exported == 1);
  CHECK(traced.tracer.counts().queued == 0);
}

TEST_CASE("spans that the receiver refuses are counted, and its reason told", "[tracer]") {
  Traced traced({.batch = 3});
  traced.end_calls(3);
  traced.http.answer_last(
      HttpResponse{200, {}, R"({"partialSuccess":{"rejectedSpans":"2","errorMessage":"too old"}})"});
  CHECK(traced.tracer.counts().exported == 1);
  CHECK(traced.tracer.counts().rejected == 2);
  REQUIRE(traced.complaints.size() == 1);
  CHECK(traced.complaints[0].find("too old") != std::string::npos);
}

TEST_CASE("flushing sends all that waits, batch after batch, then says so", "[tracer]") {
  Traced traced({.batch = 2});
  bool done = false;
  traced.end_calls(1);
  traced.tracer.flush(2s, [&] { done = true; });
  REQUIRE(traced.http.count() == 1);
  traced.end_calls(3);
  traced.http.answer_last(HttpResponse{200, {}, ""});
  traced.http.answer_last(HttpResponse{200, {}, ""});
  CHECK_FALSE(done);
  traced.http.answer_last(HttpResponse{200, {}, ""});
  CHECK(done);
  CHECK(traced.tracer.counts().exported == 4);
  CHECK(traced.tracer.counts().dropped == 0);
}

TEST_CASE("flushing nothing is done at once, but not inside the call", "[tracer]") {
  Traced traced;
  bool done = false;
  traced.tracer.flush(2s, [&] { done = true; });
  CHECK_FALSE(done);
  traced.loop.run_for(1ms);
  CHECK(done);
}

TEST_CASE("a receiver that does not answer holds the end no longer than it was given", "[tracer]") {
  Traced traced({.batch = 2});
  bool done = false;
  traced.end_calls(3);
  traced.tracer.flush(2s, [&] { done = true; });
  traced.loop.run_for(1999ms);
  CHECK_FALSE(done);
  traced.loop.run_for(1ms);
  CHECK(done);
  CHECK(traced.http[0].cancelled);
  CHECK(traced.tracer.counts().dropped == 3);
  CHECK(traced.tracer.counts().queued == 0);
}

TEST_CASE("a batch that waits to be tried again is tried at once when the end comes", "[tracer]") {
  Traced traced({.batch = 1});
  bool done = false;
  traced.end_calls(1);
  traced.http.answer_last(HttpResponse{503, {{"retry-after", "30"}}, ""});
  traced.tracer.flush(2s, [&] { done = true; });
  traced.loop.run_for(1ms);
  REQUIRE(traced.http.count() == 2);
  traced.http.answer_last(HttpResponse{503, {{"retry-after", "30"}}, ""});  // later than there is time: given up
  CHECK(done);
  CHECK(traced.tracer.counts().dropped == 1);
}

}  // namespace
}  // namespace weir::mcp
