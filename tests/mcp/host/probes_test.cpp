#include "mcp/weir/probes.h"

#include <catch2/catch.hpp>

#include "tests/fakes/fake_loop.h"
#include "tests/mcp/fake_exchange.h"

namespace weir::mcp {
namespace {

using namespace std::chrono_literals;
using fakes::FakeExchange;

std::shared_ptr<FakeExchange> ask(const Handler& handler, Headers headers = {{"host", "127.0.0.1:8787"}},
                                  const std::string& method = "GET") {
  auto exchange = std::make_shared<FakeExchange>();
  handler({.method = method, .target = "/x", .headers = std::move(headers), .body = "", .peer = "127.0.0.1:1"},
          exchange);
  return exchange;
}

struct Served {
  fakes::FakeLoop loop;
  int rendered = 0;
  Handler handler(MetricsAccess access) {
    return metrics_handler(loop, std::move(access), [this](const Gauges& gauges) {
      ++rendered;
      return gauges.process.threads ? "weir_up 1\n" : "";
    });
  }
  std::shared_ptr<FakeExchange> get(MetricsAccess access, Headers headers = {{"host", "127.0.0.1:8787"}}) {
    auto exchange = ask(handler(std::move(access)), std::move(headers));
    loop.run_for(1ms);
    return exchange;
  }
};

MetricsSettings with_token() {
  MetricsSettings settings;
  settings.token = Secret("a-long-scraper-token", "env:SCRAPER");
  return settings;
}

TEST_CASE("a process that lives is healthy without asking the loop", "[probes]") {
  const auto exchange = ask(healthz_handler());
  CHECK(exchange->status == 200);
  CHECK(exchange->body == "ok\n");
}

TEST_CASE("probes are only looked at: another method is 405 and names those that are allowed", "[probes]") {
  fakes::FakeLoop loop;
  Served served;
  for (const Handler& handler :
       {healthz_handler(), readyz_handler(loop, [] { return Readiness{}; }), served.handler({})}) {
    for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS"}) {
      const auto exchange = ask(handler, {}, method);
      CHECK(exchange->status == 405);
      CHECK(exchange->header("Allow") == "GET, HEAD");
    }
  }
  CHECK(ask(healthz_handler(), {}, "HEAD")->status == 200);
  loop.run_all();
  CHECK(served.rendered == 0);
}

TEST_CASE("ready is said in one word, with what is degraded", "[probes]") {
  fakes::FakeLoop loop;
  Readiness now;
  const Handler handler = readyz_handler(loop, [&] { return now; });
  auto exchange = ask(handler);
  CHECK(exchange->answers == 0);
  loop.run_for(1ms);
  CHECK(exchange->status == 200);
  CHECK(exchange->body == "ready\n");
  now.degraded = {"ledger: the disk is full"};
  exchange = ask(handler);
  loop.run_for(1ms);
  CHECK(exchange->status == 200);
  CHECK(exchange->body == "ready\ndegraded: ledger: the disk is full\n");
}

TEST_CASE("not ready says why, a reason a line, or as JSON for who asks for it", "[probes]") {
  fakes::FakeLoop loop;
  const Handler handler = readyz_handler(loop, [] { return Readiness{.reasons = {"draining", "no models"}}; });
  const auto text = ask(handler), json = ask(handler, {{"accept", "application/json"}});
  loop.run_for(1ms);
  CHECK(text->status == 503);
  CHECK(text->body == "not ready\ndraining\nno models\n");
  CHECK(json->status == 503);
  CHECK(json->json() == nlohmann::json{{"ready", false},
                                       {"reasons", {"draining", "no models"}},
                                       {"degraded", nlohmann::json::array()}});
}

TEST_CASE("a loop that does not answer makes the server unready at once, and only while it lasts", "[probes]") {
  // The loop's time goes on, but what was posted is not run: it is busy with something else.
  struct Stuck final : Loop {
    Instant at_{std::chrono::hours(1)};
    std::deque<std::function<void()>> posted;
    Instant now() const override { return at_; }
    WallTime wall() const override { return {}; }
    Timer at(Instant, std::function<void()>) override { return {}; }
    void post(std::function<void()> fn) override { posted.push_back(std::move(fn)); }
    void cancel_timer(std::uint64_t) noexcept override {}
  } stuck;
  const Handler of_stuck = readyz_handler(stuck, [] { return Readiness{}; });
  const auto first = ask(of_stuck);
  stuck.at_ += 2s;
  const auto second = ask(of_stuck);
  CHECK(second->answers == 0);  // two seconds are still patience
  stuck.at_ += 1ns;
  const auto third = ask(of_stuck);
  CHECK(third->status == 503);
  CHECK(third->body == "not ready\nthe loop has not answered for 2.0 s\n");
  CHECK(stuck.posted.size() == 2);
  while (!stuck.posted.empty()) {
    stuck.posted.front()();
    stuck.posted.pop_front();
  }
  CHECK(first->status == 200);
  CHECK(first->body == "ready\ndegraded: the loop answered after 2.0 s\n");
  CHECK(second->status == 200);
  const auto fourth = ask(of_stuck);
  stuck.posted.front()();
  CHECK(fourth->body == "ready\n");
}

TEST_CASE("sixty-four may ask at once, one more is told so", "[probes]") {
  Served served;
  const Handler handler = served.handler({});
  std::vector<std::shared_ptr<FakeExchange>> waiting;
  for (int i = 0; i < 64; ++i) waiting.push_back(ask(handler));
  const auto refused = ask(handler);
  CHECK(refused->status == 503);
  CHECK(refused->header("Retry-After") == "1");
  served.loop.run_for(1ms);
  for (const auto& exchange : waiting) CHECK(exchange->status == 200);
  CHECK(served.rendered == 64);
}

TEST_CASE("metrics are Prometheus' text, rendered on the loop", "[probes]") {
  Served served;
  const auto exchange = ask(served.handler({}));
  CHECK(exchange->answers == 0);
  served.loop.run_for(1ms);
  CHECK(exchange->status == 200);
  CHECK(exchange->header("Content-Type") == "text/plain; version=0.0.4; charset=utf-8");
  CHECK(exchange->body == "weir_up 1\n");
}

TEST_CASE("with a token only who sends it reads the metrics, on loopback too", "[probes]") {
  Served served;
  const auto status = [&](const std::string& authorization) {
    return served.get({.settings = with_token(), .loopback = false}, {{"authorization", authorization}})->status;
  };
  CHECK(status("Bearer a-long-scraper-token") == 200);
  CHECK(status("bearer a-long-scraper-token") == 200);
  for (const char* wrong : {"Bearer a-long-scraper-toke", "Bearer a-long-scraper-token1", "Bearer ", "Bearer",
                            "Basic a-long-scraper-token", "a-long-scraper-token", ""}) {
    INFO(wrong);
    CHECK(status(wrong) == 401);
  }
  const auto missing = served.get({.settings = with_token()});
  CHECK(missing->status == 401);
  CHECK(missing->header("WWW-Authenticate") == "Bearer realm=\"metrics\"");
  CHECK(missing->body.find("a-long-scraper-token") == std::string::npos);
  CHECK(served
            .get({.settings = with_token()},
                 {{"authorization", "Bearer a-long-scraper-token"}, {"authorization", "Bearer a-long-scraper-token"}})
            ->status == 401);
  CHECK(served.rendered == 2);
}

TEST_CASE("without a token metrics stay on loopback, unless they are open", "[probes]") {
  Served served;
  CHECK(served.get({.loopback = true})->status == 200);
  const auto forbidden = served.get({.loopback = false});
  CHECK(forbidden->status == 403);
  CHECK(forbidden->body.find("metrics.token") != std::string::npos);
  CHECK(forbidden->body.find("metrics.open") != std::string::npos);
  MetricsSettings open;
  open.open = true;
  CHECK(served.get({.settings = open, .loopback = false}, {{"host", "weir.example"}})->status == 200);
}

TEST_CASE("a web page under a name of its own does not read the metrics of this machine", "[probes]") {
  Served served;
  CHECK(served.get({}, {{"host", "evil.example:8787"}})->status == 403);
  CHECK(served.get({}, {})->status == 403);
  CHECK(served.get({}, {{"host", "localhost:8787"}})->status == 200);
  CHECK(served.get({.allowed_hosts = {"weir.local"}}, {{"host", "weir.local:8787"}})->status == 200);
}

TEST_CASE("metrics that are switched off are not there", "[probes]") {
  Served served;
  MetricsSettings off;
  off.enabled = false;
  CHECK(served.get({.settings = off})->status == 404);
  CHECK(served.rendered == 0);
}

}  // namespace
}  // namespace weir::mcp
