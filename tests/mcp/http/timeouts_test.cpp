#include <catch2/catch.hpp>

#include "wire.h"

namespace weir::mcp {
namespace {

using std::chrono::milliseconds;

// A busy machine may be late, but not as late as the defaults of the options would be.
constexpr milliseconds kFarFromDefault{10'000};

class Stopwatch {
 public:
  milliseconds elapsed() const {
    return std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - start_);
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

TEST_CASE("a request that does not arrive within read_timeout is answered 408 and closed", "[http]") {
  TestServer server({.read_timeout = milliseconds(50)});
  const int port = server.start();
  const std::string part =
      GENERATE("P", "POST /echo HTTP/1.1\r\nHost:", "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhe");
  Wire wire(port);
  const Stopwatch since;
  wire.send(part);
  CHECK(wire.answer().status == 408);
  CHECK(wire.until_closed().empty());
  CHECK(since.elapsed() >= milliseconds(50));
  CHECK(since.elapsed() < kFarFromDefault);
}

TEST_CASE("dripping bytes do not extend read_timeout", "[http]") {
  TestServer server({.read_timeout = milliseconds(100)});
  Wire wire(server.start());
  const Stopwatch since;
  wire.send("GET /echo HTTP/1.1\r\nX: ");
  int drops = 0;
  for (; !wire.readable_within(milliseconds(5)) && drops < 1000; ++drops) wire.send("x");
  CHECK(wire.answer().status == 408);
  CHECK(drops > 2);
  CHECK(since.elapsed() >= milliseconds(100));
  CHECK(since.elapsed() < kFarFromDefault);
}

TEST_CASE("a connection without a request is closed after idle_timeout, without a word", "[http]") {
  TestServer server({.idle_timeout = milliseconds(50)});
  Wire wire(server.start());
  const Stopwatch fresh;
  if (GENERATE(true, false)) {
    wire.send(post("/echo", "x"));
    CHECK(wire.answer().status == 200);
  }
  CHECK(wire.until_closed().empty());
  CHECK(fresh.elapsed() >= milliseconds(50));
  CHECK(fresh.elapsed() < kFarFromDefault);
}

TEST_CASE("a used connection is idle from its last answer on", "[http]") {
  TestServer server({.idle_timeout = milliseconds(400)});
  Wire wire(server.start());
  const Stopwatch since;
  for (int i = 0; i < 4; ++i) {
    CHECK(!wire.readable_within(milliseconds(150)));
    wire.send(post("/echo", "x"));
    CHECK(wire.answer().status == 200);
  }
  CHECK(since.elapsed() >= milliseconds(600));
  CHECK(wire.until_closed().empty());
}

TEST_CASE("neither idle_timeout nor read_timeout runs while an answer is pending", "[http]") {
  Kept kept;
  TestServer server(
      {.idle_timeout = milliseconds(20), .read_timeout = milliseconds(20), .write_timeout = milliseconds(20)});
  server->route("/later", kept.handler());
  Wire wire(server.start());
  wire.send(get("/later"));
  const auto exchange = kept.next();
  CHECK(!wire.readable_within(milliseconds(150)));
  exchange->open(200, {});
  CHECK(wire.line() == "HTTP/1.1 200 OK");
  CHECK(exchange->write("x"));
  exchange->close();
  CHECK(!exchange->stop().stop_requested());
}

TEST_CASE("a peer that takes nothing of its answer for write_timeout is dropped", "[http]") {
  TestServer server({.body_bytes_max = 64 << 20, .write_timeout = milliseconds(100)});
  Wire wire(server.start(), "127.0.0.1", 4096);
  wire.send(post("/echo", std::string(32 << 20, 'x')));
  const Stopwatch since;
  await([&] { return server->state().connections == 0; });
  CHECK(since.elapsed() < kFarFromDefault);
}

TEST_CASE("a peer that takes its answer slowly, but takes it, gets it whole", "[http]") {
  TestServer server({.body_bytes_max = 16 << 20, .write_timeout = milliseconds(800)});
  const int port = server.start();
  Wire wire(port, "127.0.0.1", 65536), silent(port);
  const Stopwatch since;
  wire.send(post("/echo", std::string(12 << 20, 'x')));
  CHECK(wire.line() == "HTTP/1.1 200 OK");
  while (!wire.line().empty()) {
  }
  std::size_t got = 0;
  for (; got < (12 << 20); got += 128 << 10) {
    wire.exactly(128 << 10);
    silent.readable_within(milliseconds(10));
  }
  CHECK(got == 12 << 20);
  CHECK(since.elapsed() > milliseconds(800));
}

}  // namespace
}  // namespace weir::mcp
