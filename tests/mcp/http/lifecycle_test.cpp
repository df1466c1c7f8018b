#include <sys/resource.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <ctime>
#include <future>
#include <thread>

#include "wire.h"

namespace weir::mcp {
namespace {

using std::chrono::milliseconds;

TEST_CASE("draining answers what is in flight, closes what is idle, and accepts nothing more", "[http]") {
  Kept kept;
  TestServer server;
  server->route("/later", kept.handler());
  const int port = server.start();
  Wire idle(port), busy(port);
  idle.send(post("/echo", "x"));
  CHECK(idle.answer().status == 200);
  busy.send(get("/later") + post("/echo", "not served any more"));
  const auto exchange = kept.next();
  std::thread drainer([&] { server->drain(std::chrono::seconds(30)); });
  CHECK(idle.until_closed().empty());
  CHECK(!exchange->stop().stop_requested());
  exchange->reply({.status = 200, .body = "last"});
  const Answer answer = busy.answer();
  CHECK(answer.body == "last");
  CHECK(answer.header("connection") == "close");
  CHECK(busy.until_closed().empty());
  busy.close();
  drainer.join();
  CHECK(server->state().connections == 0);
  HttpServer next({.port = port});
  CHECK(next.listen().has_value());  // nobody listens there any more
}

TEST_CASE("a stream that is open when draining begins goes on to its end, and then closes", "[http]") {
  Kept kept;
  TestServer server;
  server->route("/stream", kept.handler());
  Wire wire(server.start());
  wire.send(get("/stream"));
  const auto exchange = kept.next();
  exchange->open(200, {});
  CHECK(wire.line() == "HTTP/1.1 200 OK");
  while (!wire.line().empty()) {
  }
  std::thread drainer([&] { server->drain(std::chrono::seconds(30)); });
  for (const std::string part : {"one", "two"}) {
    CHECK(exchange->write(part));
    CHECK(wire.chunk() == part);
  }
  exchange->close();
  CHECK(wire.chunk().empty());
  CHECK(wire.until_closed().empty());
  wire.close();
  drainer.join();
}

TEST_CASE("at the drain's deadline what is left is asked to stop, may still answer, and is closed", "[http]") {
  Kept kept;
  TestServer server;
  server->route("/later", kept.handler());
  const int port = server.start();
  Wire polite(port), stubborn(port);
  polite.send(get("/later"));
  const auto first = kept.next();
  stubborn.send(get("/later"));
  const auto second = kept.next();
  const std::stop_callback on_stop(first->stop(), [&] { first->reply({.status = 503, .body = "stopped"}); });
  std::thread drainer([&] { server->drain(milliseconds(50)); });
  CHECK(polite.answer().body == "stopped");
  CHECK(stubborn.until_closed().empty());
  CHECK(second->stop().stop_requested());
  drainer.join();
  CHECK(server->state().in_flight == 0);
}

TEST_CASE("destroying a server closes everything at once and asks what is pending to stop", "[http]") {
  Kept kept;
  auto server = std::make_unique<TestServer>();
  (*server)->route("/later", kept.handler());
  const int port = server->start();
  Wire pending(port), idle(port);
  pending.send(get("/later"));
  const auto exchange = kept.next();
  server.reset();
  CHECK(exchange->stop().stop_requested());
  CHECK(pending.until_closed().empty());
  CHECK(idle.until_closed().empty());
}

TEST_CASE("a server that never listened can be drained and destroyed", "[http]") {
  HttpServer server({});
  server.drain(std::chrono::seconds(1));
  CHECK(server.state().connections == 0);
}

TEST_CASE("connections_max connections are served, one more gets 503 and a time to come back", "[http]") {
  const bool in_words = GENERATE(true, false);
  TestServer server({.connections_max = 3, .busy_body = in_words ? "" : R"({"error":"busy"})"});
  const int port = server.start();
  std::vector<std::unique_ptr<Wire>> wires;
  for (int i = 0; i < 3; ++i) {
    wires.push_back(std::make_unique<Wire>(port));
    wires.back()->send(post("/echo", "x"));
    CHECK(wires.back()->answer().status == 200);
  }
  Wire extra(port);
  extra.send(post("/echo", "not read"));
  const Answer refused = extra.answer();
  CHECK(refused.status == 503);
  CHECK(refused.header("retry-after") == "1");
  CHECK(refused.header("connection") == "close");
  CHECK(refused.header("content-type") == (in_words ? "text/plain; charset=utf-8" : "application/json"));
  if (!in_words) CHECK(refused.body == "{\"error\":\"busy\"}\n");
  CHECK(extra.until_closed().empty());
  CHECK(server->state().connections == 3);
  wires.pop_back();
  await([&] { return server->state().connections == 2; });
  Wire again(port);
  again.send(post("/echo", "x"));
  CHECK(again.answer().status == 200);
}

TEST_CASE("an address in use, an unknown host and an impossible port are told apart", "[http]") {
  TestServer server;
  const int port = server.start();
  const auto where = "127.0.0.1:" + std::to_string(port);
  const auto used = HttpServer({.port = port}).listen();
  REQUIRE(!used);
  CHECK(used.error().fault == Fault::unavailable);
  CHECK(used.error().message == where + " is already in use; stop the other program or choose another port");
  const auto foreign = HttpServer({.host = "192.0.2.1"}).listen();
  REQUIRE(!foreign);
  CHECK(foreign.error().message == "192.0.2.1:0 is not an address of this machine");
  const auto unknown = HttpServer({.host = "no host"}).listen();
  REQUIRE(!unknown);
  CHECK(unknown.error().fault == Fault::bad_input);
  CHECK(unknown.error().message.substr(0, 23) == "no host:0: no such host");
  CHECK(!HttpServer({.port = 65536}).listen());
}

TEST_CASE("names and IPv6 addresses can be listened on", "[http]") {
  TestServer name({.host = "localhost"}), six({.host = "::1"}), bracketed({.host = "[::1]"});
  Wire to_name(name.start());
  to_name.send(post("/echo", "x"));
  CHECK(to_name.answer().status == 200);
  for (auto* server : {&six, &bracketed}) {
    (*server)->route("/peer", [](Inbound in, std::shared_ptr<Exchange> exchange) {
      exchange->reply({.status = 200, .body = in.peer});
    });
    Wire wire(server->start(), "::1");
    wire.send(get("/peer"));
    CHECK(wire.answer().body.substr(0, 6) == "[::1]:");
  }
}

TEST_CASE("out of descriptors, the server waits without spinning, and then serves whoever waited", "[http]") {
  TestServer server;
  const int port = server.start();
  rlimit before{};
  REQUIRE(getrlimit(RLIMIT_NOFILE, &before) == 0);
  rlimit few = before;
  few.rlim_cur = 200;
  REQUIRE(setrlimit(RLIMIT_NOFILE, &few) == 0);
  std::vector<int> taken;
  Wire wire(port);
  wire.send(post("/echo", "first"));
  CHECK(wire.answer().status == 200);
  int spare = dup(0);
  for (int fd = dup(0); fd >= 0; fd = dup(0)) taken.push_back(fd);
  close(spare);  // for the client's own socket
  Wire waiting(port);
  const auto cpu = [] {
    timespec time{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
  };
  const auto start = cpu();
  waiting.send(post("/echo", "x"));
  // Checked after the descriptors are back: UBSan, which looks into CHECK, opens a pipe to test an address.
  const bool accepted = waiting.readable_within(milliseconds(300));
  const auto used = cpu() - start;
  wire.send(post("/echo", "still served"));
  const std::string served = wire.answer().body;
  for (const int fd : taken) close(fd);
  setrlimit(RLIMIT_NOFILE, &before);
  CHECK_FALSE(accepted);
  CHECK(used < milliseconds(100));
  CHECK(served == "still served");
  CHECK(waiting.answer().status == 200);
}

}  // namespace
}  // namespace weir::mcp
