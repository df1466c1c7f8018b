#include <catch2/catch.hpp>
#include <future>
#include <stdexcept>
#include <thread>

#include <sys/socket.h>

#include "wire.h"

namespace weir::mcp {
namespace {

TEST_CASE("an answer from another thread arrives, once", "[http]") {
  Kept kept;
  TestServer server;
  server->route("/later", kept.handler());
  Wire wire(server.start());
  wire.send(get("/later"));
  const auto exchange = kept.next();
  CHECK(server->state().in_flight == 1);
  std::thread([&] {
    exchange->reply({.status = 201, .headers = {{"X", "y"}}, .body = "late"});
    exchange->reply({.status = 500, .body = "again"});
    exchange->open(500, {});
    CHECK(!exchange->write("x"));
    exchange->close();
  }).join();
  const Answer answer = wire.answer();
  CHECK(answer.status == 201);
  CHECK(answer.header("x") == "y");
  CHECK(answer.body == "late");
  CHECK(!exchange->stop().stop_requested());
  await([&] { return server->state().in_flight == 0; });
  wire.send(post("/echo", "next"));
  CHECK(wire.answer().body == "next");
}

TEST_CASE("pipelined requests wait for the one before them, and then keep their order", "[http]") {
  Kept kept;
  TestServer server;
  server->route("/later", kept.handler());
  Wire wire(server.start());
  wire.send(get("/later") + post("/echo", "two") + get("/later") + post("/echo", "four"));
  kept.next()->reply({.status = 200, .body = "one"});
  CHECK(wire.answer().body == "one");
  CHECK(wire.answer().body == "two");
  kept.next()->reply({.status = 200, .body = "three"});
  CHECK(wire.answer().body == "three");
  CHECK(wire.answer().body == "four");
}

TEST_CASE("a client that pipelines without end is read only so far while its answer is pending", "[http]") {
  Kept kept;
  TestServer server;
  server->route("/later", kept.handler());
  Wire wire(server.start());
  wire.send(get("/later"));
  const auto exchange = kept.next();
  // Until the socket takes no more: neither side reads, so the kernel's buffers are all there is.
  const std::string more = post("/echo", std::string(10'000, 'x'));
  std::size_t sent = 0;
  for (ssize_t n = 1; n > 0; sent += static_cast<std::size_t>(std::max<ssize_t>(n, 0)))
    n = ::send(wire.fd(), more.data() + sent % more.size(), more.size() - sent % more.size(),
               MSG_DONTWAIT | MSG_NOSIGNAL);
  CHECK(sent < 50'000'000);
  CHECK(!exchange->stop().stop_requested());
  exchange->reply({.status = 200, .body = "one"});
  CHECK(wire.answer().body == "one");
  CHECK(wire.answer().body.size() == 10'000);
}

TEST_CASE("a client that leaves while its answer is pending stops the work at once", "[http]") {
  Kept kept;
  TestServer server;
  server->route("/later", kept.handler());
  const int port = server.start();
  const bool half = GENERATE(true, false);
  Wire wire(port);
  wire.send(get("/later"));
  const auto exchange = kept.next();
  CHECK(!exchange->stop().stop_requested());
  std::promise<void> stopped;
  const std::stop_callback on_stop(exchange->stop(), [&] { stopped.set_value(); });
  half ? wire.half_close() : wire.close();
  CHECK(stopped.get_future().wait_for(std::chrono::seconds(30)) == std::future_status::ready);
  await([&] { return server->state().connections == 0; });
  CHECK(server->state().in_flight == 0);
  exchange->reply({.status = 200, .body = "too late"});
}

TEST_CASE("a client that sends everything and half-closes still gets an answer that needs no waiting", "[http]") {
  TestServer server;
  Wire wire(server.start());
  wire.send(post("/echo", "bye"));
  wire.half_close();
  CHECK(wire.answer().body == "bye");
  CHECK(wire.until_closed().empty());
}

TEST_CASE("an exchange that is dropped unanswered is answered with 500", "[http]") {
  Kept kept;
  TestServer server;
  server->route("/later", kept.handler());
  Wire wire(server.start());
  wire.send(get("/later"));
  kept.next().reset();
  CHECK(wire.answer().status == 500);
  wire.send(post("/echo", "next"));
  CHECK(wire.answer().body == "next");
}

TEST_CASE("a handler that throws is answered with 500, and nothing of its message", "[http]") {
  TestServer server;
  server->route("/bug", [](Inbound, std::shared_ptr<Exchange>) { throw std::runtime_error("secret"); });
  Wire wire(server.start());
  wire.send(get("/bug", "Connection: close\r\n"));
  const std::string all = wire.until_closed();
  CHECK(all.substr(0, 12) == "HTTP/1.1 500");
  CHECK(all.find("secret") == std::string::npos);
}

TEST_CASE("what is posted runs on the thread of the handler", "[http]") {
  TestServer server;
  std::promise<std::pair<std::thread::id, std::thread::id>> ids;
  server->route("/post", [&](Inbound, std::shared_ptr<Exchange> exchange) {
    std::thread([&ids, exchange, handler = std::this_thread::get_id()] {
      exchange->post([&ids, exchange, handler] {
        ids.set_value({handler, std::this_thread::get_id()});
        exchange->reply({});
      });
    }).detach();
  });
  Wire wire(server.start());
  wire.send(get("/post"));
  CHECK(wire.answer().status == 200);
  const auto [handler, posted] = ids.get_future().get();
  CHECK(handler == posted);
}

TEST_CASE("a header that would split the answer, or is the layer's own, is left out", "[http]") {
  TestServer server;
  server->route("/split", [](Inbound, std::shared_ptr<Exchange> exchange) {
    exchange->reply({.status = 200,
                     .headers = {{"A", "x\r\nEvil: 1"}, {"B\r\nEvil", "1"}, {"content-length", "999"}, {"C", "fine"}},
                     .body = "ok"});
  });
  Wire wire(server.start());
  wire.send(get("/split"));
  const Answer answer = wire.answer();
  CHECK(answer.headers == Headers{{"c", "fine"}, {"content-length", "2"}});
  CHECK(answer.body == "ok");
}

TEST_CASE("204 has neither body nor length", "[http]") {
  TestServer server;
  server->route("/none", [](Inbound, std::shared_ptr<Exchange> exchange) {
    exchange->reply({.status = 204, .body = "not sent"});
  });
  Wire wire(server.start());
  wire.send(get("/none") + post("/echo", "next"));
  CHECK(wire.answer().headers.empty());
  CHECK(wire.answer().body == "next");
}

TEST_CASE("an answer of many megabytes arrives whole", "[http]") {
  TestServer server({.body_bytes_max = 32 << 20});
  Wire wire(server.start());
  std::string body;
  for (int i = 0; body.size() < (8 << 20); ++i) body += std::to_string(i);
  wire.send(post("/echo", body));
  CHECK((wire.answer().body == body));
}

TEST_CASE("an exchange outlives its server", "[http]") {
  Kept kept;
  std::shared_ptr<Exchange> exchange;
  {
    TestServer server;
    server->route("/later", kept.handler());
    Wire wire(server.start());
    wire.send(get("/later"));
    exchange = kept.next();
  }
  CHECK(exchange->stop().stop_requested());
  exchange->post([] { FAIL("there is no thread to run this"); });
  exchange->open(200, {});
  CHECK(!exchange->write("x"));
  exchange->close();
}

}  // namespace
}  // namespace weir::mcp
