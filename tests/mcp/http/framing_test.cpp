#include <rapidcheck.h>

#include <catch2/catch.hpp>

#include "hostile.h"
#include "mcp/http/framing.h"

namespace weir::mcp {
namespace {

constexpr FramingLimits kTight{.head_bytes_max = 4096, .headers_max = 20, .body_bytes_max = 1000};

// What came of some bytes: the requests in them, how the reader stands, and why.
struct Outcome {
  std::vector<std::string> requests;
  RequestReader::State state;
  Refused refused;
  bool operator==(const Outcome&) const = default;
};

std::string to_text(const Request& request) {
  std::string text = request.method + ' ' + request.target + (request.keep_alive ? " keep" : " close") + '\n';
  for (const auto& [name, value] : request.headers) text += name + '=' + value + '\n';
  return text + '\n' + request.body;
}

// Cuts the bytes into pieces of the given sizes, over and over; no sizes: in one piece.
Outcome read_all(std::string_view bytes, const std::vector<std::size_t>& sizes = {}) {
  RequestReader reader(kTight);
  Outcome outcome;
  for (std::size_t i = 0; !bytes.empty() && reader.state() != RequestReader::State::refused; ++i) {
    std::string piece(
        bytes.substr(0, sizes.empty() ? bytes.size() : sizes[i % sizes.size()]));  // its own memory, for ASan
    bytes.remove_prefix(piece.size());
    std::string_view rest = piece;
    while (!rest.empty() && reader.state() != RequestReader::State::refused) {
      if (reader.feed(rest) == RequestReader::State::whole) outcome.requests.push_back(to_text(reader.take()));
    }
  }
  outcome.state = reader.state();
  outcome.refused = reader.refusal();
  return outcome;
}

const std::vector<std::string> kValid = {
    "GET /a HTTP/1.1\r\nHost: h\r\n\r\n",
    "POST /mcp?x=%20 HTTP/1.1\r\nHost: localhost:80\r\nContent-Type: application/json\r\nContent-Length: "
    "7\r\n\r\n{\"a\":1}",
    "POST /mcp HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n1\r\n!\r\n0\r\nA: b\r\n\r\n",
    "\r\nPOST /a HTTP/1.0\r\nConnection: keep-alive, X\r\nContent-Length: 3\r\n\r\n\r\n\r",
    "DELETE / HTTP/1.1\r\nHost: \r\nConnection: close\r\nX:\t y \t\r\n\r\n",
};

TEST_CASE("a request is read the same at every split", "[http]") {
  for (const auto& request : kValid) {
    const Outcome whole = read_all(request);
    CAPTURE(request);
    REQUIRE(whole.requests.size() == 1);
    CHECK(whole.state == RequestReader::State::idle);
    CHECK(read_all(request, {1}) == whole);
    for (std::size_t i = 1; i < request.size(); ++i) CHECK(read_all(request, {i, request.size()}) == whole);
  }
}

TEST_CASE("names come in lower case, values trimmed, duplicates in order", "[http]") {
  CHECK(read_all("GET /%41?b=c HTTP/1.1\r\nHost: h\r\nX-One:  a b \t\r\nx-one:\r\nAccept:*/*\r\n\r\n").requests ==
        std::vector<std::string>{"GET /%41?b=c keep\nhost=h\nx-one=a b\nx-one=\naccept=*/*\n\n"});
}

TEST_CASE("a chunked body is decoded, without its extensions and trailers", "[http]") {
  CHECK(read_all(kValid[2]).requests ==
        std::vector<std::string>{"POST /mcp keep\nhost=h\ntransfer-encoding=chunked\n\nhello!"});
}

TEST_CASE("requests without a space between them are told apart", "[http]") {
  CHECK(read_all(kValid[1] + kValid[2] + kValid[0]).requests.size() == 3);
}

TEST_CASE("only chunked and HTTP/1.1 bodies are asked for with 100 Continue, and only before they begin", "[http]") {
  const auto asks = [](const std::string& bytes) {
    RequestReader reader(kTight);
    std::string_view rest = bytes;
    reader.feed(rest);
    return reader.wants_continue();
  };
  const std::string expect = "Host: h\r\nExpect: 100-Continue\r\n";
  CHECK(asks("POST / HTTP/1.1\r\n" + expect + "Content-Length: 5\r\n\r\n"));
  CHECK(asks("POST / HTTP/1.1\r\n" + expect + "Transfer-Encoding: chunked\r\n\r\n"));
  CHECK(!asks("POST / HTTP/1.1\r\n" + expect + "Content-Length: 5\r\n\r\nh"));
  CHECK(!asks("POST / HTTP/1.1\r\n" + expect + "Transfer-Encoding: chunked\r\n\r\n5"));
  CHECK(!asks("POST / HTTP/1.1\r\n" + expect + "Content-Length: 0\r\n\r\n"));
  CHECK(!asks("POST / HTTP/1.1\r\n" + expect + "Content-Length: 1001\r\n\r\n"));
  CHECK(!asks("POST / HTTP/1.0\r\n" + expect + "Content-Length: 5\r\n\r\n"));
}

TEST_CASE("a declared length reserves no memory", "[http]") {
  RequestReader reader({.head_bytes_max = 4096, .headers_max = 20, .body_bytes_max = std::int64_t{1} << 50});
  const std::string bytes = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000000000000\r\n\r\nx";
  std::string_view rest = bytes;
  CHECK(reader.feed(rest) == RequestReader::State::body);
}

// A few small changes to a valid request (or three of them in a row).
rc::Gen<std::string> mutated() {
  return rc::gen::exec([] {
    std::string bytes;
    const int count = *rc::gen::inRange(1, 4);
    for (int i = 0; i < count; ++i) bytes += *rc::gen::elementOf(kValid);
    const int changes = *rc::gen::inRange(0, 6);
    for (int i = 0; i < changes && !bytes.empty(); ++i) {
      const auto at = *rc::gen::inRange<std::size_t>(0, bytes.size());
      const auto byte = *rc::gen::oneOf(rc::gen::arbitrary<char>(), rc::gen::elementOf(std::string("\r\n :;,\t0aF")));
      switch (*rc::gen::inRange(0, 4)) {
        case 0:
          bytes[at] = byte;
          break;
        case 1:
          bytes.insert(at, 1, byte);
          break;
        case 2:
          bytes.erase(at, *rc::gen::inRange<std::size_t>(1, 8));
          break;
        case 3:
          bytes.insert(at, bytes.substr(*rc::gen::inRange<std::size_t>(0, bytes.size()), 30));
          break;
      }
    }
    return bytes;
  });
}

TEST_CASE("whatever the bytes, and however they are cut, the reader comes to the same end", "[http]") {
  CHECK(rc::check("mutations and splits", [] {
    const auto bytes = *mutated();
    const auto sizes =
        *rc::gen::nonEmpty(rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange<std::size_t>(1, 40)));
    RC_ASSERT(read_all(bytes, sizes) == read_all(bytes));
  }));
}

TEST_CASE("random bytes are refused or wait for more, and never grow beyond the limits", "[http]") {
  CHECK(rc::check("noise", [] {
    const auto bytes = *rc::gen::container<std::string>(rc::gen::arbitrary<char>());
    const auto outcome = read_all(bytes, {7});
    RC_ASSERT(outcome.requests.empty());
  }));
  RequestReader reader(kTight);
  int taken = 0;
  for (; reader.state() != RequestReader::State::refused && taken < 5000; ++taken) {
    std::string_view byte = "x";
    reader.feed(byte);
  }
  CHECK(taken == 4096);
}

}  // namespace
}  // namespace weir::mcp
