#include <catch2/catch.hpp>

#include "mcp/http/answer.h"
#include "wire.h"

namespace weir::mcp {
namespace {

TEST_CASE("a body comes back, and the connection serves the next request", "[http]") {
  TestServer server;
  Wire wire(server.start());
  for (const std::string body : {"first", "", "third"}) {
    wire.send(post("/echo", body));
    const Answer answer = wire.answer();
    CHECK(answer.status == 200);
    CHECK(answer.body == body);
    CHECK(answer.header("connection").empty());
  }
}

TEST_CASE("a request that arrives byte by byte is answered like a whole one", "[http]") {
  TestServer server;
  Wire wire(server.start());
  const std::string request =
      "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x\r\nde\r\n0\r\nT: u\r\n\r\n";
  for (const char& byte : request) wire.send({&byte, 1});
  CHECK(wire.answer().body == "abcde");
  wire.send(request);
  CHECK(wire.answer().body == "abcde");
}

TEST_CASE("header values reach the handler raw, and none is the layer's invention", "[http]") {
  TestServer server;
  Wire wire(server.start());
  wire.send(get("/head?q=%41", "Authorization: Bearer a%2Bb%0d%0aEvil: 1\r\nREMOTE_ADDR: 9.9.9.9\r\nX: 1\r\nX: 2\r\n"));
  CHECK(wire.answer().body ==
        "GET /head?q=%41\nhost=localhost\nauthorization=Bearer a%2Bb%0d%0aEvil: 1\nremote_addr=9.9.9.9\nx=1\nx=2\n");
}

TEST_CASE("the handler gets every method of its path, and the peer's address", "[http]") {
  TestServer server;
  server->route("/who.is", [](Inbound in, std::shared_ptr<Exchange> exchange) {
    exchange->reply({.status = 200, .body = in.method + " " + in.peer});
  });
  const int port = server.start();
  Wire wire(port);
  for (const std::string method : {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}) {
    wire.send(method + " /who.is HTTP/1.1\r\nHost: h\r\n\r\n");
    CHECK(wire.answer().body.substr(0, method.size() + 11) == method + " 127.0.0.1:");
  }
  wire.send(get("/whoxis"));
  CHECK(wire.answer().status == 404);
}

TEST_CASE("the answer to HEAD has the length but not the body", "[http]") {
  TestServer server;
  Wire wire(server.start());
  wire.send("HEAD /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello");
  const Answer answer = wire.answer(true);
  CHECK(answer.status == 200);
  CHECK(answer.header("content-length") == "5");
  wire.send(get("/echo"));
  CHECK(wire.answer().status == 200);
}

TEST_CASE("three pipelined requests are answered in order, cut up anyhow", "[http]") {
  TestServer server;
  const int port = server.start();
  const std::string three = post("/echo", "one") + post("/nowhere", "two") + post("/echo", "three");
  for (const std::size_t cut : {std::size_t{1}, three.size() / 2, three.size()}) {
    Wire wire(port);
    wire.send(three.substr(0, cut));
    wire.send(three.substr(cut));
    CHECK(wire.answer().body == "one");
    CHECK(wire.answer().status == 404);
    CHECK(wire.answer().body == "three");
  }
}

TEST_CASE("what follows a request that asks to close is not served", "[http]") {
  TestServer server;
  Wire wire(server.start());
  wire.send(post("/echo", "one", "Connection: close\r\n") + post("/echo", "two"));
  const Answer answer = wire.answer();
  CHECK(answer.body == "one");
  CHECK(answer.header("connection") == "close");
  CHECK(wire.until_closed().empty());
}

TEST_CASE("HTTP/1.0 closes, unless asked to keep alive", "[http]") {
  TestServer server;
  const int port = server.start();
  Wire closing(port);
  closing.send("GET /echo HTTP/1.0\r\n\r\n");
  CHECK(closing.answer().header("connection") == "close");
  CHECK(closing.until_closed().empty());
  Wire keeping(port);
  keeping.send("GET /echo HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n");
  CHECK(keeping.answer().header("connection") == "keep-alive");
  keeping.send("GET /nowhere HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n");
  CHECK(keeping.answer().status == 404);
  CHECK(keeping.until_closed().empty());
}

TEST_CASE("100 Continue is sent for a body that will be taken, and only for that", "[http]") {
  TestServer server({.body_bytes_max = 10});
  const int port = server.start();
  Wire wire(port);
  wire.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n");
  CHECK(wire.answer().status == 100);
  wire.send("0123456789");
  CHECK(wire.answer().body == "0123456789");
  wire.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\nExpect: 100-continue\r\n\r\n");
  CHECK(wire.answer().status == 413);
  CHECK(wire.until_closed().empty());
}

TEST_CASE("a body may have body_bytes_max bytes and not one more, chunked or not", "[http]") {
  TestServer server({.body_bytes_max = 100'000});
  const int port = server.start();
  for (const std::size_t size : {99'999, 100'000, 100'001}) {
    const std::string body(size, 'x');
    const int expected = size > 100'000 ? 413 : 200;
    Wire known(port), chunked(port);
    known.send(post("/echo", body));
    CHECK(known.answer().status == expected);
    chunked.send("POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
    chunked.send(chunk_of(body.substr(0, 50'000)) + chunk_of(body.substr(50'000)) + std::string(kLastChunk));
    CHECK(chunked.answer().status == expected);
  }
}

TEST_CASE("all bodies that are still arriving may have bodies_bytes_max together, and not one byte more", "[http]") {
  TestServer server({.bodies_bytes_max = 1000});
  const int port = server.start();
  Wire first(port), second(port), third(port);
  first.send(post("/echo", std::string(601, 'x')).substr(0, post("/echo", std::string(600, 'x')).size()));
  CHECK(!first.readable_within(std::chrono::milliseconds(20)));
  const auto unfinished = [](std::size_t bytes) {
    return "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 500\r\n\r\n" + std::string(bytes, 'y');
  };
  second.send(unfinished(400));
  CHECK(!second.readable_within(std::chrono::milliseconds(20)));
  third.send(unfinished(1));
  const Answer refused = third.answer();
  CHECK(refused.status == 503);
  CHECK(refused.header("retry-after") == "1");
  first.send("x");
  CHECK(first.answer().body.size() == 601);
  Wire fourth(port);
  fourth.send(unfinished(500));
  CHECK(fourth.answer().status == 200);
}

TEST_CASE("a head may have head_bytes_max bytes and not one more", "[http]") {
  TestServer server({.head_bytes_max = 1000});
  const int port = server.start();
  const auto request_of = [](std::size_t size) {
    const std::string empty = get("/echo", "X: \r\n");
    return get("/echo", "X: " + std::string(size - empty.size(), 'x') + "\r\n");
  };
  Wire fits(port), exceeds(port);
  fits.send(request_of(1000));
  CHECK(fits.answer().status == 200);
  exceeds.send(request_of(1001));
  const Answer refused = exceeds.answer();
  CHECK(refused.status == 431);
  CHECK(refused.body == "request line and headers exceed 1000 bytes\n");
}

TEST_CASE("a target may have 8000 bytes and not one more", "[http]") {
  TestServer server;
  const int port = server.start();
  Wire fits(port), exceeds(port);
  fits.send(get("/echo?" + std::string(8000 - 6, 'q')));
  CHECK(fits.answer().status == 200);
  exceeds.send(get("/echo?" + std::string(8000 - 5, 'q')));
  CHECK(exceeds.answer().status == 414);
}

TEST_CASE("a client that goes on sending a refused body can still read why", "[http]") {
  TestServer server({.body_bytes_max = 10});
  Wire wire(server.start());
  wire.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 3000000\r\n\r\n");
  for (int i = 0; i < 30; ++i) wire.send(std::string(100'000, 'x'));
  const Answer answer = wire.answer();
  CHECK(answer.status == 413);
  CHECK(answer.body == "the body exceeds 10 bytes\n");
  CHECK(wire.until_closed().empty());
}

TEST_CASE("nothing is ever compressed", "[http]") {
  TestServer server;
  Wire wire(server.start());
  const std::string body(20'000, 'x');
  wire.send(post("/echo", body, "Accept-Encoding: br, gzip\r\n"));
  const Answer answer = wire.answer();
  CHECK(answer.header("content-encoding").empty());
  CHECK(answer.body == body);
}

TEST_CASE("an Inbound tells a header that is there once from one that is not, or twice", "[http]") {
  const Inbound in{
      .method = "GET", .target = "/", .headers = {{"a", "1"}, {"b", "2"}, {"b", "3"}}, .body = "", .peer = ""};
  REQUIRE(in.header("a") != nullptr);
  CHECK(*in.header("a") == "1");
  CHECK(in.count("a") == 1);
  CHECK(in.header("b") == nullptr);
  CHECK(in.count("b") == 2);
  CHECK(in.header("c") == nullptr);
  CHECK(in.count("c") == 0);
}

}  // namespace
}  // namespace weir::mcp
