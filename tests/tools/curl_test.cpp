#include "tools/http/curl.h"

#include <catch2/catch.hpp>
#include <future>
#include <thread>

#include "tests/tools/raw_server.h"

namespace weir {
namespace {
using namespace std::chrono_literals;
using fakes::ok_response;
using fakes::RawConnection;
using fakes::RawServer;

// A loop, a client, and the patience of a test.
struct Wire {
  UvLoop loop;
  CurlClient client{loop};
  Timer patience;
  bool timed_out = false;

  void run() {
    timed_out = false;
    patience = loop.at(loop.now() + 20s, [this] {
      timed_out = true;
      loop.stop();
    });
    loop.run();
    patience.cancel();
    REQUIRE_FALSE(timed_out);
  }
  // Sends, and runs the loop until the answer is there.
  HttpResult exchange(HttpRequest request) {
    std::optional<HttpResult> result;
    const auto transfer = client.send(std::move(request), [&](HttpResult r) {
      result = std::move(r);
      loop.stop();
    });
    REQUIRE_FALSE(result.has_value());  // never inside send()
    run();
    return *result;
  }
};

HttpRequest request_to(std::string url, std::string body = "{}") {
  HttpRequest request;
  request.url = std::move(url);
  request.headers = {{"Content-Type", "application/json"}};
  request.body = std::move(body);
  return request;
}

TEST_CASE("a request arrives as it was written, and the answer comes back whole", "[curl]") {
  std::promise<std::string> seen;
  RawServer server([&](RawConnection& c, int) {
    seen.set_value(c.read_request().value_or(""));
    c.write("HTTP/1.1 201 Created\r\nX-Request-ID:  req_1 \r\nContent-Length: 5\r\n\r\nhello");
    c.wait_for_close();
  });
  Wire wire;
  HttpRequest request = request_to(server.url("/v1/chat/completions"), R"({"a":1})");
  request.headers.emplace_back("Authorization", "Bearer sk-test");
  const HttpResult result = wire.exchange(request);
  REQUIRE(result.has_value());
  CHECK(result->status == 201);
  CHECK(result->body == "hello");
  REQUIRE(result->header("x-request-id") != nullptr);
  CHECK(*result->header("x-request-id") == "req_1");
  CHECK(result->header("x-missing") == nullptr);
  const std::string text = seen.get_future().get();
  CHECK(text.starts_with("POST /v1/chat/completions HTTP/1.1\r\n"));
  CHECK(text.find("\r\nAuthorization: Bearer sk-test\r\n") != std::string::npos);
  CHECK(text.find("\r\nContent-Type: application/json\r\n") != std::string::npos);
  CHECK(text.find("Expect:") == std::string::npos);
  CHECK(text.find("Accept-Encoding") == std::string::npos);
  CHECK(text.ends_with("\r\n\r\n{\"a\":1}"));
}

TEST_CASE("a large body goes out whole, without waiting for 100 Continue", "[curl]") {
  std::promise<std::size_t> seen;
  RawServer server([&](RawConnection& c, int) {
    const std::string text = c.read_request().value_or("");
    seen.set_value(text.size() - text.find("\r\n\r\n") - 4);
    c.write(ok_response("{}"));
    c.wait_for_close();
  });
  Wire wire;
  CHECK(wire.exchange(request_to(server.url(), std::string(5 << 20, 'x'))).has_value());
  CHECK(seen.get_future().get() == 5U << 20);
}

TEST_CASE("a chunked answer after an informational one is read, without the first one's headers", "[curl]") {
  RawServer server([&](RawConnection& c, int) {
    c.read_request();
    c.write("HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\n");
    c.write(
        "HTTP/1.1 200 OK\r\nX-Real: 1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1\r\n!\r\n0\r\nX-Trailer: "
        "1\r\n\r\n");
    c.wait_for_close();
  });
  Wire wire;
  const auto result = wire.exchange(request_to(server.url()));
  REQUIRE(result.has_value());
  CHECK(result->body == "hello!");
  CHECK(result->header("x-real") != nullptr);
  CHECK(result->header("x-early") == nullptr);
  CHECK(result->header("x-trailer") == nullptr);
}

TEST_CASE("ten calls one after another use one connection", "[curl]") {
  RawServer server([&](RawConnection& c, int) {
    while (c.read_request()) c.write(ok_response("{}"));
  });
  Wire wire;
  for (int i = 0; i < 10; ++i) REQUIRE(wire.exchange(request_to(server.url())).has_value());
  CHECK(server.accepts() == 1);
}

TEST_CASE("a kept connection that the server has closed is replaced by a fresh one, unseen", "[curl]") {
  RawServer server([](RawConnection& c, int nth) {
    c.read_request();
    c.write(ok_response("{}"));
    if (nth == 0)
      c.reset_on_close();
    else
      c.wait_for_close();
  });
  Wire wire;
  for (int i = 0; i < 2; ++i) REQUIRE(wire.exchange(request_to(server.url())).has_value());
  CHECK(server.accepts() == 2);
}

TEST_CASE("a kept connection that dies under the request is replaced too", "[curl]") {
  RawServer server([&](RawConnection& c, int nth) {
    c.read_request();
    c.write(ok_response("{}"));
    c.read_request();  // of the first connection: taken, and not answered
    if (nth > 0) c.write(ok_response("{}"));
  });
  Wire wire;
  for (int i = 0; i < 2; ++i) REQUIRE(wire.exchange(request_to(server.url())).has_value());
  CHECK(server.accepts() == 2);
}

TEST_CASE("a refused connection was never sent, and names the address", "[curl]") {
  Wire wire;
  const int port = fakes::closed_port();
  const auto result = wire.exchange(request_to("http://127.0.0.1:" + std::to_string(port) + "/v1"));
  REQUIRE_FALSE(result);
  CHECK(result.error().fault == Fault::unavailable);
  CHECK_FALSE(result.error().sent);
  CHECK_FALSE(result.error().answered);
  CHECK(result.error().message == "connect to 127.0.0.1:" + std::to_string(port) + " failed: Connection refused");
}

TEST_CASE("a name that cannot be resolved was never sent", "[curl]") {
  Wire wire;
  const auto result = wire.exchange(request_to("http://no-such-host.invalid/v1"));
  REQUIRE_FALSE(result);
  CHECK_FALSE(result.error().sent);
}

TEST_CASE("no first byte in time is a timeout of a request that was sent", "[curl]") {
  RawServer server([](RawConnection& c, int) {
    c.read_request();
    c.wait_for_close();
  });
  Wire wire;
  HttpRequest request = request_to(server.url());
  request.first_byte_timeout = 50ms;
  const Instant before = wire.loop.now();
  const auto result = wire.exchange(request);
  REQUIRE_FALSE(result);
  CHECK(result.error().fault == Fault::timed_out);
  CHECK(result.error().sent);
  CHECK_FALSE(result.error().answered);
  CHECK(wire.loop.now() - before >= 50ms);
  CHECK(wire.loop.now() - before < 5s);
}

TEST_CASE("the first byte ends the first-byte timeout, and the total timeout ends the rest", "[curl]") {
  RawServer server([](RawConnection& c, int) {
    c.read_request();
    c.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
    c.wait_for_close();
  });
  Wire wire;
  HttpRequest request = request_to(server.url());
  request.first_byte_timeout = 2s;
  request.total_timeout = 2500ms;
  const Instant before = wire.loop.now();
  const auto result = wire.exchange(request);
  REQUIRE_FALSE(result);
  CHECK(result.error().fault == Fault::timed_out);
  CHECK(result.error().sent);
  CHECK(result.error().answered);
  CHECK(wire.loop.now() - before >= 2500ms);
}

TEST_CASE("a body as large as the cap is taken; one byte more is a bad reply", "[curl]") {
  RawServer server([](RawConnection& c, int) {
    while (c.read_request()) c.write(ok_response(std::string(1000, 'x')));
  });
  Wire wire;
  HttpRequest request = request_to(server.url());
  request.response_bytes_max = 1000;
  CHECK(wire.exchange(request).has_value());
  request.response_bytes_max = 999;
  const auto result = wire.exchange(request);
  REQUIRE_FALSE(result);
  CHECK(result.error().fault == Fault::bad_reply);
  CHECK(result.error().message.find("larger than 999 bytes") != std::string::npos);
}

TEST_CASE("endless headers are a bad reply", "[curl]") {
  RawServer server([](RawConnection& c, int) {
    c.read_request();
    std::string head = "HTTP/1.1 200 OK\r\n";
    for (int i = 0; i < 5000; ++i) head += "X-" + std::to_string(i) + ": " + std::string(40, 'x') + "\r\n";
    c.write(head);
    c.wait_for_close();
  });
  Wire wire;
  const auto result = wire.exchange(request_to(server.url()));
  REQUIRE_FALSE(result);
  CHECK(result.error().fault == Fault::bad_reply);
}

TEST_CASE("a header line without end is a failure, not growth", "[curl]") {
  RawServer server([](RawConnection& c, int) {
    c.read_request();
    c.write("HTTP/1.1 200 OK\r\nX: ");
    c.write(std::string(1 << 20, 'x'));
    c.wait_for_close();
  });
  Wire wire;
  const auto result = wire.exchange(request_to(server.url()));
  REQUIRE_FALSE(result);
  CHECK(result.error().sent);
}

TEST_CASE("a connection cut in the body is unavailable, sent and answered", "[curl]") {
  RawServer server([](RawConnection& c, int) {
    c.read_request();
    c.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
  });
  Wire wire;
  const auto result = wire.exchange(request_to(server.url()));
  REQUIRE_FALSE(result);
  CHECK(result.error().fault == Fault::unavailable);
  CHECK(result.error().sent);
  CHECK(result.error().answered);
}

TEST_CASE("a connection cut before the answer is unavailable, sent and not answered", "[curl]") {
  const bool reset = GENERATE(false, true);
  RawServer server([reset](RawConnection& c, int) {
    c.read_request();
    if (reset) c.reset_on_close();
  });
  Wire wire;
  const auto result = wire.exchange(request_to(server.url()));
  REQUIRE_FALSE(result);
  CHECK(result.error().fault == Fault::unavailable);
  CHECK(result.error().sent);
  CHECK_FALSE(result.error().answered);
}

TEST_CASE("what is not HTTP is a bad reply", "[curl]") {
  RawServer server([](RawConnection& c, int) {
    c.read_request();
    c.write("SSH-2.0-OpenSSH_9.2\r\n");
  });
  Wire wire;
  const auto result = wire.exchange(request_to(server.url()));
  REQUIRE_FALSE(result);
  CHECK(result.error().fault == Fault::bad_reply);
  CHECK(result.error().sent);
}

TEST_CASE("a redirect is an answer, and is not followed", "[curl]") {
  RawServer server([](RawConnection& c, int) {
    while (c.read_request())
      c.write("HTTP/1.1 307 Temporary Redirect\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n");
  });
  Wire wire;
  const auto result = wire.exchange(request_to(server.url()));
  REQUIRE(result.has_value());
  CHECK(result->status == 307);
}

TEST_CASE("what cannot be sent fails as bad input, later and unsent", "[curl]") {
  Wire wire;
  HttpRequest request = request_to("http://127.0.0.1:1/v1");
  SECTION("no URL") { request.url = "not a url"; }
  SECTION("another scheme") { request.url = "file:///etc/passwd"; }
  SECTION("a line break in a header") { request.headers.emplace_back("Authorization", "Bearer a\r\nEvil: 1"); }
  SECTION("a method that is none") { request.method = "BREW"; }
  const auto result = wire.exchange(request);
  REQUIRE_FALSE(result);
  CHECK(result.error().fault == Fault::bad_input);
  CHECK_FALSE(result.error().sent);
  CHECK(result.error().message.find("Evil") == std::string::npos);
}

TEST_CASE("GET sends no body", "[curl]") {
  std::promise<std::string> seen;
  RawServer server([&](RawConnection& c, int) {
    seen.set_value(c.read_request().value_or(""));
    c.write(ok_response("{}"));
    c.wait_for_close();
  });
  Wire wire;
  HttpRequest request = request_to(server.url("/v1/models"), "");
  request.method = "GET";
  CHECK(wire.exchange(request).has_value());
  CHECK(seen.get_future().get().starts_with("GET /v1/models HTTP/1.1\r\n"));
}

TEST_CASE("destroying a transfer closes its connection at once, and its done is not called", "[curl]") {
  std::promise<void> arrived;
  std::promise<Instant> gone;
  Wire wire;
  RawServer server([&](RawConnection& c, int) {
    c.read_request();
    arrived.set_value();
    c.wait_for_close();
    gone.set_value(wire.loop.now());
    wire.loop.post([&] { wire.loop.stop(); });
  });
  bool called = false;
  auto transfer = wire.client.send(request_to(server.url()), [&](HttpResult) { called = true; });
  CHECK_FALSE(transfer->sent());
  Instant cancelled;
  // The server's thread tells the loop when the request is there.
  std::thread waiter([&] {
    arrived.get_future().wait();
    wire.loop.post([&] {
      CHECK(transfer->sent());
      cancelled = wire.loop.now();
      transfer.reset();
    });
  });
  wire.run();
  waiter.join();
  CHECK_FALSE(called);
  const Duration noticed = gone.get_future().get() - cancelled;
  CHECK(noticed < 500ms);
}

TEST_CASE("cancelling while a name is being resolved does not wait for the resolver", "[curl]") {
  Wire wire;
  auto transfer = wire.client.send(request_to("http://no-such-host.invalid/v1"), [](HttpResult) {});
  Timer soon = wire.loop.at(wire.loop.now() + 1ms, [&] {
    const Instant before = wire.loop.now();
    transfer.reset();
    CHECK(wire.loop.now() - before < 500ms);
    wire.loop.stop();
  });
  wire.run();
}

TEST_CASE("a done may destroy its own transfer, other transfers, and send again", "[curl]") {
  RawServer server([](RawConnection& c, int) {
    while (c.read_request()) c.write(ok_response("{}"));
  });
  Wire wire;
  std::vector<std::unique_ptr<Transfer>> transfers;
  std::unique_ptr<Transfer> again;
  int first = 0, second = 0;
  for (int i = 0; i < 20; ++i) {
    transfers.push_back(wire.client.send(request_to(server.url()), [&](HttpResult result) {
      CHECK(result.has_value());
      ++first;
      transfers.clear();
      again = wire.client.send(request_to(server.url()), [&](HttpResult inner) {
        CHECK(inner.has_value());
        ++second;
        again.reset();
        wire.loop.stop();
      });
    }));
  }
  wire.run();
  CHECK(first == 1);
  CHECK(second == 1);
}

TEST_CASE("two hundred requests at once are all answered, each with its own answer", "[curl]") {
  RawServer server([](RawConnection& c, int) {
    while (const auto request = c.read_request()) c.write(ok_response(request->substr(request->find("\r\n\r\n") + 4)));
  });
  Wire wire;
  constexpr int kCount = 200;
  std::vector<std::unique_ptr<Transfer>> transfers;
  int right = 0, ended = 0;
  for (int i = 0; i < kCount; ++i) {
    transfers.push_back(wire.client.send(request_to(server.url(), std::to_string(i)), [&, i](HttpResult result) {
      right += result.has_value() && result->body == std::to_string(i) ? 1 : 0;
      if (++ended == kCount) wire.loop.stop();
    }));
  }
  wire.run();
  CHECK(right == kCount);
  CHECK(server.accepts() <= kCount);
}

}  // namespace
}  // namespace weir
