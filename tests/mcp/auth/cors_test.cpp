#include <catch2/catch.hpp>

#include "mcp/cors.h"
#include "tests/mcp/fake_exchange.h"

namespace weir::mcp {
namespace {

using fakes::FakeExchange;
const std::string kPage = "https://app.example";

struct Behind {
  int asked = 0;
  Reply reply{.status = 200};
  bool stream = false;

  std::shared_ptr<FakeExchange> ask(std::vector<std::string> allowed, std::string method, Headers headers) {
    const auto handler = with_cors(
        [this](const Inbound&, const std::shared_ptr<Exchange>& exchange) {
          ++asked;
          if (!stream) return exchange->reply(reply);
          exchange->open(200, {{"Content-Type", "text/event-stream"}});
          exchange->write("x");
          exchange->close();
        },
        allowed);
    auto exchange = std::make_shared<FakeExchange>();
    handler({.method = std::move(method), .target = "/mcp", .headers = std::move(headers), .body = "", .peer = ""},
            exchange);
    return exchange;
  }
  std::shared_ptr<FakeExchange> preflight(std::string origin, std::string headers = "content-type") {
    return ask({kPage}, "OPTIONS",
               {{"origin", std::move(origin)},
                {"access-control-request-method", "POST"},
                {"access-control-request-headers", std::move(headers)}});
  }
};

TEST_CASE("with no origin listed, nothing is added and no preflight answered", "[cors]") {
  Behind behind;
  const auto answer = behind.ask({}, "OPTIONS", {{"origin", kPage}, {"access-control-request-method", "POST"}});
  CHECK(behind.asked == 1);
  CHECK(answer->headers.empty());
}

TEST_CASE("a preflight of a listed origin is answered before anybody else sees it", "[cors]") {
  Behind behind;
  const auto answer = behind.preflight(kPage);
  CHECK(behind.asked == 0);
  CHECK(answer->status == 204);
  CHECK(answer->header("Access-Control-Allow-Origin") == kPage);
  CHECK(answer->header("Access-Control-Allow-Methods") == "POST, OPTIONS");
  CHECK(
      answer->header("Access-Control-Allow-Headers") ==
      "content-type, accept, authorization, mcp-protocol-version, mcp-method, mcp-name, mcp-session-id, last-event-id");
  CHECK(answer->header("Vary") == "Origin, Access-Control-Request-Headers");
  CHECK(answer->header("Access-Control-Allow-Credentials") == "(none)");
}

TEST_CASE("headers that mirror parameters are allowed by name, others are not", "[cors]") {
  Behind behind;
  const auto allowed = [&](std::string headers) {
    return behind.preflight(kPage, std::move(headers))->header("Access-Control-Allow-Headers");
  };
  CHECK(allowed("Mcp-Param-Region, x-evil,mcp-param-a").ends_with("last-event-id, mcp-param-region, mcp-param-a"));
  CHECK(allowed("mcp-param-, mcp-param-\"x, *, , x").ends_with("last-event-id"));
  CHECK(allowed(",,,").ends_with("last-event-id"));
}

TEST_CASE("a preflight of another origin goes to whoever refuses it", "[cors]") {
  Behind behind;
  behind.reply = {.status = 403};
  for (const char* origin : {"https://evil.example", "null", "https://app.example.evil", "https://app.example:1", ""}) {
    const auto answer = behind.preflight(origin);
    CHECK(answer->status == 403);
    CHECK(answer->header("Access-Control-Allow-Origin") == "(none)");
    CHECK(answer->header("Vary") == "Origin");
  }
  CHECK(behind.asked == 5);
}

TEST_CASE("answers and streams to a listed origin carry its mark, refusals too", "[cors]") {
  Behind behind;
  behind.reply = {.status = 401, .headers = {{"WWW-Authenticate", "Bearer"}}};
  const auto refused = behind.ask({"https://other.example", "HTTPS://App.Example"}, "POST", {{"origin", kPage}});
  CHECK(refused->status == 401);
  CHECK(refused->header("Access-Control-Allow-Origin") == kPage);
  CHECK(refused->header("Access-Control-Expose-Headers") == "www-authenticate, mcp-session-id");
  CHECK(refused->header("Vary") == "Origin");
  behind.stream = true;
  const auto stream = behind.ask({kPage}, "POST", {{"origin", kPage}});
  CHECK(stream->streaming);
  CHECK(stream->body == "x");
  CHECK(stream->closed);
  CHECK(stream->header("Access-Control-Allow-Origin") == kPage);
}

TEST_CASE("who sends no origin, or two, gets no mark", "[cors]") {
  Behind behind;
  CHECK(behind.ask({kPage}, "POST", {})->header("Access-Control-Allow-Origin") == "(none)");
  CHECK(behind.ask({kPage}, "POST", {{"origin", kPage}, {"origin", kPage}})->header("Access-Control-Allow-Origin") ==
        "(none)");
}

TEST_CASE("when pages may call, a wrong method is told of OPTIONS", "[cors]") {
  Behind behind;
  behind.reply = {.status = 405, .headers = {{"Allow", "POST"}}};
  CHECK(behind.ask({kPage}, "GET", {{"origin", kPage}})->header("Allow") == "POST, OPTIONS");
  CHECK(behind.ask({}, "GET", {})->header("Allow") == "POST");
}

}  // namespace
}  // namespace weir::mcp
