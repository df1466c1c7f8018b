#include <catch2/catch.hpp>
#include <future>

#include "wire.h"

namespace weir::mcp {
namespace {

const Headers kEvents = {{"Content-Type", "text/event-stream"}};

TEST_CASE("the chunks of a stream arrive one by one, while it is open", "[http]") {
  Kept kept;
  TestServer server;
  server->route("/stream", kept.handler());
  Wire wire(server.start());
  wire.send(get("/stream"));
  const auto exchange = kept.next();
  exchange->open(200, kEvents);
  CHECK(wire.line() == "HTTP/1.1 200 OK");
  CHECK(wire.line() == "Content-Type: text/event-stream");
  CHECK(wire.line() == "Transfer-Encoding: chunked");
  CHECK(wire.line().empty());
  for (const std::string part : {"data: 1\n\n", "data: 2\n\n", "data: 3\n\n"}) {
    CHECK(exchange->write(part));
    CHECK(wire.chunk() == part);
  }
  CHECK(exchange->write(""));
  exchange->reply({.status = 500});
  exchange->close();
  CHECK(wire.chunk().empty());
  CHECK(!exchange->write("after the end"));
  CHECK(!exchange->stop().stop_requested());
  wire.send(post("/echo", "next"));
  CHECK(wire.answer().body == "next");
}

TEST_CASE("an event stream that is silent is kept alive by comments; another stream is not", "[http]") {
  Kept kept;
  TestServer server({.keepalive = std::chrono::milliseconds(20)});
  server->route("/stream", kept.handler());
  const int port = server.start();
  Wire wire(port);
  wire.send(get("/stream"));
  auto exchange = kept.next();
  exchange->open(200, kEvents);
  for (int i = 0; i < 4; ++i) wire.line();
  CHECK(wire.chunk() == ":\n\n");
  CHECK(wire.chunk() == ":\n\n");
  exchange->write("data: 1\n\n");
  // One more may have been on its way.
  auto next = wire.chunk();
  while (next == ":\n\n") next = wire.chunk();
  CHECK(next == "data: 1\n\n");
  exchange->close();
  for (next = wire.chunk(); next == ":\n\n";) next = wire.chunk();
  CHECK(next.empty());

  wire.send(get("/stream"));
  exchange = kept.next();
  exchange->open(200, {{"Content-Type", "text/plain"}});
  for (int i = 0; i < 4; ++i) wire.line();
  Wire beside(port);
  beside.send(get("/stream"));
  const auto timed = kept.next();
  timed->open(200, kEvents);
  for (int i = 0; i < 4; ++i) beside.line();
  beside.chunk();  // a comment here: so much time has passed for the other too
  beside.chunk();
  exchange->write("only this");
  CHECK(wire.chunk() == "only this");
}

TEST_CASE("a stream may be written inside the handler", "[http]") {
  TestServer server;
  server->route("/stream", [](Inbound, std::shared_ptr<Exchange> exchange) {
    exchange->open(200, kEvents);
    exchange->write("a");
    exchange->write("b");
    exchange->close();
  });
  Wire wire(server.start());
  wire.send(get("/stream") + post("/echo", "next"));
  CHECK(wire.answer().body == "ab");
  CHECK(wire.answer().body == "next");
}

TEST_CASE("a stream to HTTP/1.0 has no chunks and ends with the connection", "[http]") {
  Kept kept;
  TestServer server;
  server->route("/stream", kept.handler());
  Wire wire(server.start());
  wire.send("GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  const auto exchange = kept.next();
  exchange->open(200, {});
  exchange->write("one");
  exchange->write("two");
  exchange->close();
  CHECK(wire.until_closed() == "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nonetwo");
}

TEST_CASE("a stream in answer to HEAD has no chunks", "[http]") {
  Kept kept;
  TestServer server;
  server->route("/stream", kept.handler());
  Wire wire(server.start());
  wire.send("HEAD /stream HTTP/1.1\r\nHost: h\r\n\r\n");
  const auto exchange = kept.next();
  exchange->open(200, {});
  exchange->write("one");
  exchange->close();
  CHECK(wire.answer(true).status == 200);
  wire.send(post("/echo", "next"));
  CHECK(wire.answer().body == "next");
}

TEST_CASE("a stream that is dropped before its end is cut, not ended", "[http]") {
  Kept kept;
  TestServer server;
  server->route("/stream", kept.handler());
  Wire wire(server.start());
  wire.send(get("/stream"));
  auto exchange = kept.next();
  exchange->open(200, {});
  exchange->write("one");
  CHECK(wire.line() == "HTTP/1.1 200 OK");
  exchange.reset();
  const std::string rest = wire.until_closed();
  CHECK(rest.find("0\r\n\r\n") == std::string::npos);
}

TEST_CASE("a client that leaves a stream stops it", "[http]") {
  Kept kept;
  TestServer server;
  server->route("/stream", kept.handler());
  Wire wire(server.start());
  wire.send(get("/stream"));
  const auto exchange = kept.next();
  exchange->open(200, {});
  exchange->write("one");
  CHECK(wire.line() == "HTTP/1.1 200 OK");
  std::promise<void> stopped;
  const std::stop_callback on_stop(exchange->stop(), [&] { stopped.set_value(); });
  wire.close();
  CHECK(stopped.get_future().wait_for(std::chrono::seconds(30)) == std::future_status::ready);
  CHECK(!exchange->write("two"));
}

TEST_CASE("a stream's backlog may reach stream_backlog_bytes_max, and beyond it the reader is dropped", "[http]") {
  Kept kept;
  TestServer server({.threads = 1, .stream_backlog_bytes_max = 1000});
  server->route("/stream", kept.handler());
  std::promise<void> blocked, go_on;
  server->route("/block", [&](Inbound, std::shared_ptr<Exchange> exchange) {
    blocked.set_value();
    go_on.get_future().wait();
    exchange->reply({});
  });
  const int port = server.start();
  Wire reader(port), blocker(port);
  reader.send(get("/stream"));
  const auto exchange = kept.next();
  exchange->open(200, {});
  CHECK(reader.line() == "HTTP/1.1 200 OK");
  // With the connection's thread held up, nothing leaves the backlog: 94 bytes make a chunk of exactly 100.
  blocker.send(get("/block"));
  blocked.get_future().wait();
  for (int i = 0; i < 11; ++i) CHECK(exchange->write(std::string(94, 'x')));  // a chunk may straddle the limit
  CHECK(!exchange->write("x"));
  CHECK(!exchange->write("x"));
  go_on.set_value();
  CHECK(blocker.answer().status == 200);
  CHECK(reader.until_closed().find("0\r\n\r\n") == std::string::npos);
  await([&] { return exchange->stop().stop_requested(); });
  await([&] { return server->state().connections == 1; });
}

TEST_CASE("a reader that does not read is dropped, and costs no more than the backlog", "[http]") {
  Kept kept;
  TestServer server({.stream_backlog_bytes_max = 100'000});
  server->route("/stream", kept.handler());
  Wire wire(server.start(), "127.0.0.1", 4096);
  wire.send(get("/stream"));
  const auto exchange = kept.next();
  exchange->open(200, {});
  const std::string chunk(10'000, 'x');
  int written = 0;
  while (exchange->write(chunk) && written < 10'000) ++written;
  CHECK(written >= 10);     // the backlog itself
  CHECK(written < 10'000);  // and what the kernel takes, but not 100 MB
  await([&] { return exchange->stop().stop_requested(); });
  await([&] { return server->state().connections == 0; });
}

}  // namespace
}  // namespace weir::mcp
