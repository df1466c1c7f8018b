// The guard of a request, on real sockets: what is connected to is what is judged.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <future>

#include "tests/tools/raw_server.h"
#include "tools/http/curl.h"

namespace weir {
namespace {

using namespace std::chrono_literals;
using fakes::ok_response;
using fakes::RawConnection;
using fakes::RawServer;

struct GuardedWire {
  UvLoop loop;
  CurlClient client{loop};

  HttpResult exchange(HttpRequest request) {
    std::optional<HttpResult> result;
    Timer patience = loop.at(loop.now() + 20s, [this] { loop.stop(); });
    const auto transfer = client.send(std::move(request), [&](HttpResult r) {
      result = std::move(r);
      loop.stop();
    });
    loop.run();
    REQUIRE(result.has_value());
    return *result;
  }
};

HttpRequest guarded(const std::string& url, bool private_network = false) {
  HttpRequest request;
  request.method = "GET";
  request.url = url;
  request.guard = HttpGuard{.private_network = private_network};
  return request;
}

void answer_all(RawConnection& connection, int) {
  while (connection.read_request()) connection.write(ok_response("{}"));
}

// 100,000 times "x", by gzip.
std::string compressed() {
  const std::string_view hex =
      "1f8b0800000000000203edc13101000000c2a0da8b6f0d0fa000000000000000000000000000000000000000000000000000"
      "0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
      "000000000000000000000000000000000000000000805703711107fea0860100";
  std::string bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2)
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  return bytes;
}

TEST_CASE("a guarded request reaches no loopback address, however its host is written", "[curl]") {
  RawServer server(answer_all);
  GuardedWire wire;
  for (const char* host :
       {"127.0.0.1", "localhost", "LOCALHOST", "127.1", "0x7f000001", "0x7f.1", "2130706433", "0177.0.0.1",
        "%31%32%37.0.0.1", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::1]", "0.0.0.0", "0", "[::]"}) {
    INFO(host);
    const auto result =
        wire.exchange(guarded("http://" + std::string(host) + ":" + std::to_string(server.port()) + "/"));
    REQUIRE_FALSE(result.has_value());
    CHECK_FALSE(result.error().sent);
  }
  CHECK(server.accepts() == 0);
}

TEST_CASE("what the guard refuses says which address, and why", "[curl]") {
  RawServer server(answer_all);
  GuardedWire wire;
  const auto result = wire.exchange(guarded(server.url()));
  REQUIRE_FALSE(result.has_value());
  CHECK(result.error().fault == Fault::denied);
  CHECK(result.error().message == "127.0.0.1:" + std::to_string(server.port()) +
                                      " is at 127.0.0.1 (127.0.0.0/8, this machine), which this request may not reach");
}

TEST_CASE("where private networks may be reached, loopback is, and a metadata service is not", "[curl]") {
  RawServer server(answer_all);
  GuardedWire wire;
  CHECK(wire.exchange(guarded(server.url(), true)).has_value());
  CHECK(wire.exchange(guarded("http://localhost:" + std::to_string(server.port()) + "/", true)).has_value());
  for (const char* url : {"http://169.254.169.254/latest/meta-data/", "http://[fe80::1]/", "http://0.0.0.0/",
                          "http://255.255.255.255/", "http://[::ffff:169.254.169.254]/"}) {
    INFO(url);
    const auto result = wire.exchange(guarded(url, true));
    REQUIRE_FALSE(result.has_value());
    CHECK(result.error().fault == Fault::denied);
  }
}

TEST_CASE("a connection that another request has left open is no way around the guard", "[curl]") {
  std::atomic<int> requests = 0;
  RawServer server([&](RawConnection& c, int) {
    while (c.read_request()) {
      ++requests;
      c.write(ok_response("{}"));
    }
  });
  GuardedWire wire;
  HttpRequest free = guarded(server.url());
  free.guard.reset();
  REQUIRE(wire.exchange(free).has_value());
  const auto result = wire.exchange(guarded(server.url()));
  REQUIRE_FALSE(result.has_value());
  CHECK(result.error().fault == Fault::denied);
  CHECK_FALSE(result.error().sent);
  CHECK(requests == 1);
  CHECK(wire.exchange(free).has_value());
}

TEST_CASE("a guarded request asks no proxy of the environment", "[curl]") {
  RawServer proxy(answer_all);
  REQUIRE(setenv("http_proxy", proxy.url("").c_str(), 1) == 0);
  GuardedWire wire;
  const auto result = wire.exchange(guarded("http://169.254.169.254/", true));
  unsetenv("http_proxy");
  REQUIRE_FALSE(result.has_value());
  CHECK(proxy.accepts() == 0);
}

TEST_CASE("a compressed answer is unpacked, and counted as it is unpacked", "[curl]") {
  const std::string packed = compressed();
  std::promise<std::string> seen;
  RawServer server([&](RawConnection& c, int nth) {
    const auto request = c.read_request();
    if (nth == 0) seen.set_value(request.value_or(""));
    c.write("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: " + std::to_string(packed.size()) +
            "\r\n\r\n" + packed);
    c.wait_for_close();
  });
  GuardedWire wire;
  HttpRequest request = guarded(server.url(), true);
  request.response_bytes_max = 100'000;
  const auto whole = wire.exchange(request);
  REQUIRE(whole.has_value());
  CHECK(whole->body == std::string(100'000, 'x'));
  CHECK(seen.get_future().get().find("\r\nAccept-Encoding: gzip\r\n") != std::string::npos);
  request.response_bytes_max = 99'999;
  const auto cut = wire.exchange(request);
  REQUIRE_FALSE(cut.has_value());
  CHECK(cut.error().fault == Fault::bad_reply);
}

TEST_CASE("every method arrives as such, with its body and no type that was not stated", "[curl]") {
  const std::string method = GENERATE("POST", "PUT", "PATCH", "DELETE");
  const std::string body = GENERATE("", "abc");
  std::promise<std::string> seen;
  RawServer server([&](RawConnection& c, int) {
    seen.set_value(c.read_request().value_or(""));
    c.write(ok_response("{}"));
    c.wait_for_close();
  });
  GuardedWire wire;
  HttpRequest request = guarded(server.url("/x"), true);
  request.method = method;
  request.body = body;
  CHECK(wire.exchange(request).has_value());
  const std::string text = seen.get_future().get();
  CHECK(text.starts_with(method + " /x HTTP/1.1\r\n"));
  CHECK(text.ends_with("\r\n\r\n" + body));
  CHECK(text.find("Content-Type") == std::string::npos);
}

TEST_CASE("an answer may have a thousand lines of headers, and not one more", "[curl]") {
  RawServer server([](RawConnection& c, int nth) {
    c.read_request();
    std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n";
    // With these, the status, "Connection" and the empty line.
    for (int i = 0; i < 996 + nth; ++i) head += "X: y\r\n";
    c.write(head + "Connection: close\r\n\r\n{}");
  });
  GuardedWire wire;
  CHECK(wire.exchange(guarded(server.url(), true)).has_value());
  const auto result = wire.exchange(guarded(server.url(), true));
  REQUIRE_FALSE(result.has_value());
  CHECK(result.error().fault == Fault::bad_reply);
}

}  // namespace
}  // namespace weir
