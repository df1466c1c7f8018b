#include "tools/operators/http_call.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <optional>

#include "tests/fakes/fake_http.h"
#include "tests/fakes/fake_loop.h"

namespace weir {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

HttpResult answer_of(int status, const std::string& body = "{}", HttpHeaders headers = {}) {
  headers.emplace_back("content-type", "application/json");
  return HttpResponse{.status = status, .headers = std::move(headers), .body = body};
}

HttpResult failure_of(Fault fault, bool sent) {
  return tl::unexpected(HttpFailure{.fault = fault, .message = "it broke", .sent = sent});
}

struct Api {
  fakes::FakeLoop loop;
  fakes::FakeHttp http;
  std::mt19937_64 random{1};
  HttpCallsOptions options;
  std::optional<HttpCalls> calls;
  ToolSettings tool;
  std::shared_ptr<const HttpTool> request;

  explicit Api(const std::string& method = "GET", HttpCallsOptions o = {}) : options(o) {
    calls.emplace(loop, http, random, options);
    tool.name = "tickets";
    tool.http.method = method;
    tool.http.url = "https://api.example.com/{{id}}";
    tool.http.allowed_hosts = {"files.example.com"};
    tool.http.headers = {{"Authorization", "Bearer ", Secret("s3cret-key", "env:KEY")},
                         {"Accept", "application/json", {}}};
    if (method != "GET") tool.http.body = R"({"a": 1})";
    compile();
  }
  void compile() {
    auto compiled = HttpTool::compile(tool.http);
    REQUIRE(compiled.has_value());
    request = *compiled;
  }

  struct Asked {
    std::unique_ptr<Run> run;
    std::optional<ToolAnswer> answer{};
  };
  std::shared_ptr<Asked> ask(const json& id = 7) {
    auto asked = std::make_shared<Asked>();
    asked->run = calls->start(tool, *request, {{"id", id}}, [&told = asked->answer](ToolAnswer answer) {
      REQUIRE_FALSE(told.has_value());
      told = std::move(answer);
    });
    REQUIRE_FALSE(asked->answer.has_value());  // never inside start()
    return asked;
  }
};

const Error& error_of(const std::shared_ptr<Api::Asked>& asked) {
  REQUIRE(asked->answer.has_value());
  REQUIRE(std::holds_alternative<Error>(asked->answer->outcome));
  return std::get<Error>(asked->answer->outcome);
}

const Refusal& refusal_of(const std::shared_ptr<Api::Asked>& asked) {
  REQUIRE(asked->answer.has_value());
  REQUIRE(std::holds_alternative<Refusal>(asked->answer->outcome));
  return std::get<Refusal>(asked->answer->outcome);
}

TEST_CASE("a call is answered with the API's value, and says what it took", "[http]") {
  Api api;
  const auto asked = api.ask();
  REQUIRE(api.http.count() == 1);
  CHECK(api.http[0].request.url == "https://api.example.com/7");
  api.loop.run_for(2s);
  api.http.answer_last(answer_of(200, R"({"a":1})"));
  REQUIRE(asked->answer.has_value());
  CHECK(std::get<json>(asked->answer->outcome) == json{{"a", 1}});
  CHECK(asked->answer->word == "ok");
  CHECK(asked->answer->receipt.attempts == 1);
  CHECK(asked->answer->receipt.took == 2s);
  CHECK(asked->answer->receipt.waited == 0s);
  CHECK_FALSE(asked->answer->receipt.usage_known);
}

TEST_CASE("as many calls ask at once as the tool has places; the others follow in their order", "[http]") {
  Api api;
  api.tool.max_concurrency = 2;
  std::vector<std::shared_ptr<Api::Asked>> asked;
  for (int i = 0; i < 4; ++i) asked.push_back(api.ask(i));
  CHECK(api.http.count() == 2);
  CHECK(api.calls->asking("tickets") == 2);
  CHECK(api.calls->waiting("tickets") == 2);
  CHECK(asked[2]->run->view().words == "waiting for other calls of this tool");
  api.loop.run_for(3s);
  api.http.answer(1, answer_of(200));
  CHECK(api.http.count() == 3);
  CHECK(api.http[2].request.url == "https://api.example.com/2");
  api.http.answer(0, answer_of(404));  // a failure gives its place back too
  CHECK(api.http.count() == 4);
  api.http.answer(2, answer_of(200));
  api.http.answer(3, answer_of(200));
  CHECK(asked[3]->answer->receipt.waited == 3s);
  CHECK(api.calls->asking("tickets") == 0);
}

TEST_CASE("a tool that states nothing has ten places", "[http]") {
  Api api;
  std::vector<std::shared_ptr<Api::Asked>> asked;
  for (int i = 0; i < 11; ++i) asked.push_back(api.ask(i));
  CHECK(api.http.count() == 10);
}

TEST_CASE("the places of one tool are not another's", "[http]") {
  Api api;
  api.tool.max_concurrency = 1;
  const auto one = api.ask();
  api.tool.name = "other";
  const auto two = api.ask();
  CHECK(api.http.count() == 2);
}

TEST_CASE("a call that finds the queue full is refused, with a time to come back", "[http]") {
  const int limit = GENERATE(0, 2);
  Api api("GET", {.queue_limit = limit});
  api.tool.max_concurrency = 1;
  std::vector<std::shared_ptr<Api::Asked>> asked;
  for (int i = 0; i < 1 + limit; ++i) asked.push_back(api.ask(i));
  const auto late = api.ask(99);
  api.loop.run_for(1ms);
  for (const auto& each : asked) CHECK_FALSE(each->answer.has_value());
  const Refusal& refusal = refusal_of(late);
  CHECK(refusal.reason == Refusal::Reason::queue_full);
  CHECK(refusal.of == Refusal::Scope::tool);
  CHECK(refusal.scope == "tickets");
  CHECK(refusal.retry_after == Duration(1s));
  CHECK(late->answer->word == "refused");
}

TEST_CASE("a call waits for a place as long as max_wait, and is then refused", "[http]") {
  Api api("GET", {.max_wait = 10s});
  api.tool.max_concurrency = 1;
  const auto first = api.ask(), second = api.ask();
  api.loop.run_for(10s - 1ns);
  CHECK_FALSE(second->answer.has_value());
  api.loop.run_for(1ns);
  CHECK(refusal_of(second).reason == Refusal::Reason::timed_out);
  CHECK(second->answer->receipt.waited == 10s);
  CHECK(api.calls->waiting("tickets") == 0);
  CHECK_FALSE(first->answer.has_value());
}

TEST_CASE("a GET is tried again after what may pass, and its place is another's meanwhile", "[http]") {
  const HttpResult failure = GENERATE(as<HttpResult>(), failure_of(Fault::unavailable, false),
                                      failure_of(Fault::unavailable, true), failure_of(Fault::timed_out, true),
                                      answer_of(500), answer_of(502), answer_of(503), answer_of(429), answer_of(408));
  Api api;
  api.tool.max_concurrency = 1;
  const auto asked = api.ask();
  api.http.answer_last(failure);
  CHECK_FALSE(asked->answer.has_value());
  CHECK(api.calls->asking("tickets") == 0);
  CHECK(asked->run->view().words == "waiting before the next attempt");
  const auto other = api.ask(8);
  CHECK(api.http.count() == 2);
  api.http.answer_last(answer_of(200));
  REQUIRE(other->answer.has_value());
  api.loop.run_for(500ms);  // the first wait is at most that
  REQUIRE(api.http.count() == 3);
  CHECK(api.http[2].request.url == "https://api.example.com/7");
  api.http.answer_last(answer_of(200));
  CHECK(std::holds_alternative<json>(asked->answer->outcome));
  CHECK(asked->answer->receipt.attempts == 2);
}

TEST_CASE("what will not pass is not tried again", "[http]") {
  const HttpResult failure = GENERATE(as<HttpResult>(), failure_of(Fault::denied, false),
                                      failure_of(Fault::bad_reply, true), failure_of(Fault::bad_input, false),
                                      answer_of(400), answer_of(404), answer_of(501), answer_of(200, "{"));
  Api api;
  const auto asked = api.ask();
  api.http.answer_last(failure);
  CHECK(error_of(asked).message.starts_with("tool \"tickets\": "));
  api.loop.run_all();
  CHECK(api.http.count() == 1);
}

TEST_CASE("a POST is tried again only when nothing was done", "[http]") {
  const std::string method = GENERATE("POST", "PATCH");
  const auto [failure, again] = GENERATE(table<HttpResult, bool>({{failure_of(Fault::unavailable, false), true},
                                                                  {failure_of(Fault::timed_out, false), true},
                                                                  {failure_of(Fault::unavailable, true), false},
                                                                  {failure_of(Fault::timed_out, true), false},
                                                                  {answer_of(429), true},
                                                                  {answer_of(503), true},
                                                                  {answer_of(500), false},
                                                                  {answer_of(408), false}}));
  Api api(method);
  const auto asked = api.ask();
  api.http.answer_last(failure);
  api.loop.run_all();
  CHECK(api.http.count() == (again ? 2 : 1));
  CHECK(asked->answer.has_value() != again);
}

TEST_CASE("PUT and DELETE may be repeated", "[http]") {
  Api api(GENERATE("PUT", "DELETE"));
  const auto asked = api.ask();
  api.http.answer_last(failure_of(Fault::unavailable, true));
  api.loop.run_all();
  CHECK(api.http.count() == 2);
}

TEST_CASE("after the last retry its error is told, with the number of attempts", "[http]") {
  Api api;
  const int retries = GENERATE(0, 1, 3);
  api.tool.http.retries = retries;
  api.compile();
  const auto asked = api.ask();
  for (int i = 0; i <= retries; ++i) {
    CHECK_FALSE(asked->answer.has_value());
    api.http.answer_last(answer_of(500, "down"));
    api.loop.run_all();
  }
  CHECK(api.http.count() == static_cast<std::size_t>(retries) + 1);
  CHECK(error_of(asked).fault == Fault::unavailable);
  CHECK((error_of(asked).message.find(" attempts)") != std::string::npos) == (retries > 0));
  CHECK(asked->answer->receipt.attempts == retries + 1);
  CHECK(asked->answer->word == "unavailable");
}

TEST_CASE("a Retry-After is waited out up to a minute; a longer one ends the call", "[http]") {
  Api api;
  const auto asked = api.ask();
  api.http.answer_last(answer_of(429, "{}", {{"retry-after", "60"}}));
  api.loop.run_for(60s - 1ns);
  CHECK(api.http.count() == 1);
  api.loop.run_for(1ns);
  CHECK(api.http.count() == 2);
  api.http.answer_last(answer_of(503, "{}", {{"retry-after", "61"}}));
  CHECK(error_of(asked).message.find("to be left alone for 61 s") != std::string::npos);
}

TEST_CASE("a redirect to an allowed host is followed, and tells it no secret", "[http]") {
  Api api;
  const auto asked = api.ask();
  api.http.answer_last(answer_of(302, "", {{"location", "/next"}}));
  REQUIRE(api.http.count() == 2);
  CHECK(api.http[1].request.url == "https://api.example.com/next");
  CHECK(api.http[1].request.headers ==
        HttpHeaders{{"Authorization", "Bearer s3cret-key"}, {"Accept", "application/json"}});
  api.http.answer_last(answer_of(307, "", {{"location", "https://files.example.com/f"}}));
  REQUIRE(api.http.count() == 3);
  CHECK(api.http[2].request.headers == HttpHeaders{{"Accept", "application/json"}});
  CHECK(api.http[2].request.guard.has_value());
  api.http.answer_last(answer_of(301, "", {{"location", "https://api.example.com/back"}}));
  REQUIRE(api.http.count() == 4);
  CHECK(api.http[3].request.headers == HttpHeaders{{"Accept", "application/json"}});
  api.http.answer_last(answer_of(200, R"({"a":1})"));
  CHECK(std::get<json>(asked->answer->outcome) == json{{"a", 1}});
  CHECK(asked->answer->receipt.attempts == 1);
}

TEST_CASE("a redirect elsewhere is refused, and a fourth is not followed", "[http]") {
  Api api;
  const auto elsewhere = api.ask();
  api.http.answer_last(answer_of(302, "", {{"location", "https://169.254.169.254/latest"}}));
  CHECK(error_of(elsewhere).fault == Fault::denied);
  const auto endless = api.ask();
  for (int i = 0; i < 4; ++i) {
    CHECK_FALSE(endless->answer.has_value());
    api.http.answer_last(answer_of(302, "", {{"location", "/again"}}));
  }
  CHECK(error_of(endless).message.find("redirects more than 3 times") != std::string::npos);
  CHECK(api.http.count() == 5);
}

TEST_CASE("a redirect keeps the method where it says so, and becomes a GET where browsers do it", "[http]") {
  const auto [status, method, becomes] = GENERATE(table<int, std::string, std::string>({{301, "POST", "GET"},
                                                                                        {302, "POST", "GET"},
                                                                                        {303, "PUT", "GET"},
                                                                                        {302, "PUT", "PUT"},
                                                                                        {307, "POST", "POST"},
                                                                                        {308, "POST", "POST"}}));
  Api api(method);
  const auto asked = api.ask();
  api.http.answer_last(answer_of(status, "", {{"location", "/next"}}));
  REQUIRE(api.http.count() == 2);
  CHECK(api.http[1].request.method == becomes);
  CHECK(api.http[1].request.body.empty() == (becomes == "GET"));
}

TEST_CASE("an attempt's redirects share its timeout", "[http]") {
  Api api;
  api.tool.http.timeout = 5s;
  api.compile();
  const auto asked = api.ask();
  CHECK(api.http[0].request.total_timeout == 5s);
  api.loop.run_for(4s);
  api.http.answer_last(answer_of(302, "", {{"location", "/next"}}));
  CHECK(api.http[1].request.total_timeout == 1s);
  CHECK(api.http[1].request.connect_timeout == 1s);
}

TEST_CASE("a POST that broke after its redirect is not sent again", "[http]") {
  Api api("POST");
  const auto asked = api.ask();
  api.http.answer_last(answer_of(307, "", {{"location", "/next"}}));
  api.http.answer_last(failure_of(Fault::unavailable, false));
  CHECK(error_of(asked).fault == Fault::unavailable);
}

TEST_CASE("arguments that make no request are told later, and take no place", "[http]") {
  Api api;
  const auto asked = api.ask("../../admin");
  CHECK(api.calls->asking("tickets") == 0);
  api.loop.run_for(0ns);
  CHECK(error_of(asked).fault == Fault::bad_input);
  CHECK(api.http.count() == 0);
}

TEST_CASE("a call can be cancelled wherever it is, and gives back what it holds", "[http]") {
  Api api;
  api.tool.max_concurrency = 1;
  const auto asking = api.ask(1), waiting = api.ask(2), last = api.ask(3);
  SECTION("while it waits") {
    waiting->run->cancel();
    CHECK(error_of(waiting).fault == Fault::cancelled);
    CHECK(api.calls->waiting("tickets") == 1);
    CHECK(api.http.count() == 1);
  }
  SECTION("while it asks") {
    asking->run->cancel();
    CHECK(error_of(asking).fault == Fault::cancelled);
    CHECK(asking->answer->word == "cancelled");
    CHECK(api.http[0].cancelled);
    CHECK(api.http.count() == 2);
  }
  SECTION("before its next attempt") {
    api.http.answer_last(answer_of(500));
    asking->run->cancel();
    CHECK(error_of(asking).fault == Fault::cancelled);
    api.loop.run_for(1s);
    CHECK(api.http.count() == 2);
  }
  SECTION("silently, by being destroyed") {
    asking->run.reset();
    CHECK_FALSE(asking->answer.has_value());
    CHECK(api.http.count() == 2);
    waiting->run.reset();
    CHECK(api.http.count() == 3);
    last->run.reset();
    CHECK(api.calls->asking("tickets") == 0);
    CHECK(api.loop.timers() == 0);
  }
  SECTION("after it was answered: then nothing happens") {
    api.http.answer(0, answer_of(200));
    asking->run->cancel();
    CHECK(std::holds_alternative<json>(asking->answer->outcome));
  }
}

TEST_CASE("who is told may destroy the call", "[http]") {
  Api api;
  std::unique_ptr<Run> run;
  bool told = false;
  run = api.calls->start(api.tool, *api.request, {{"id", 1}}, [&](ToolAnswer) {
    told = true;
    run.reset();
  });
  api.http.answer_last(answer_of(200));
  CHECK(told);
  CHECK(run == nullptr);
}

}  // namespace
}  // namespace weir
