#include "simulator/http.h"

#include <rapidcheck.h>

#include <catch2/catch.hpp>

namespace simulator::http {
namespace {

int status_of(std::string_view bytes, Bounds bounds = {}) {  // 0: more is needed; 200: a request
  Reader reader(bounds);
  reader.feed(bytes);
  const auto read = reader.next();
  if (const auto* malformed = std::get_if<Malformed>(&read)) return malformed->status;
  return std::holds_alternative<Request>(read) ? 200 : 0;
}

TEST_CASE("a request is its method, path without query, headers in lower case, and body", "[http]") {
  Reader reader({});
  reader.feed("POST /v1/x?y=1 HTTP/1.1\r\nX-Key:  a b \r\ncontent-LENGTH: 3\r\n\r\nabcGET");
  const auto read = reader.next();
  const auto& request = std::get<Request>(read);
  CHECK(request.method == "POST");
  CHECK(request.path == "/v1/x");
  CHECK(request.header("x-key") == "a b");
  CHECK(request.header("x-other") == std::nullopt);
  CHECK(request.body == "abc");
  CHECK(request.keep_alive);
  CHECK(std::holds_alternative<Reader::NeedMore>(reader.next()));
}

TEST_CASE("chunks are joined, and their extensions and trailers skipped", "[http]") {
  Reader reader({});
  reader.feed(
      "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\nA\r\n0123456789\r\n0\r\nX: y\r\n\r\n");
  CHECK(std::get<Request>(reader.next()).body == "abc0123456789");
}

TEST_CASE("what is not HTTP, or could be read in two ways, is refused by its status", "[http]") {
  CHECK(status_of("GET / HTTP/1.1\r\n\r\n") == 200);
  CHECK(status_of("GET / HTTP/1.1\r\n") == 0);
  CHECK(status_of("nonsense\r\n\r\n") == 400);
  CHECK(status_of("GET http://a/ HTTP/1.1\r\n\r\n") == 400);
  CHECK(status_of("GET / HTTP/2.0\r\n\r\n") == 505);
  CHECK(status_of("GET / HTTP/1.1\r\nno colon\r\n\r\n") == 400);
  CHECK(status_of("GET / HTTP/1.1\r\na : b\r\n\r\n") == 400);
  CHECK(status_of("POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab") == 400);
  CHECK(status_of("POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n") == 400);
  CHECK(status_of("POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n") == 400);
  CHECK(status_of("POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n") == 400);
  CHECK(status_of("POST / HTTP/1.1\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\n") == 415);
  CHECK(status_of("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n") == 400);
  CHECK(status_of("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n") == 400);
}

TEST_CASE("heads and bodies are taken up to their bounds and refused one byte above", "[http]") {
  const Bounds bounds{.head_bytes_max = 100, .body_bytes_max = 4};
  const auto head_of_size = [](std::size_t size) {
    const std::string start = "GET / HTTP/1.1\r\nx: ";
    return start + std::string(size - start.size(), 'a') + "\r\n\r\n";
  };
  CHECK(status_of(head_of_size(100), bounds) == 200);
  CHECK(status_of(head_of_size(101), bounds) == 431);
  CHECK(status_of(std::string(105, 'a'), bounds) == 431);
  CHECK(status_of("POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\nabcd", bounds) == 200);
  CHECK(status_of("POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\n", bounds) == 413);
  CHECK(status_of("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n", bounds) ==
        200);
  CHECK(status_of("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\n", bounds) == 413);
  CHECK(status_of("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\n", bounds) == 413);
  std::string many = "GET / HTTP/1.1\r\n";
  for (std::size_t i = 0; i < Reader::kHeadersMax; ++i) many += "a: b\r\n";
  CHECK(status_of(many + "\r\n") == 200);
  CHECK(status_of(many + "a: b\r\n\r\n") == 431);
}

TEST_CASE("keep-alive follows the version and the Connection header", "[http]") {
  const auto kept = [](std::string_view bytes) {
    Reader reader({});
    reader.feed(bytes);
    return std::get<Request>(reader.next()).keep_alive;
  };
  CHECK(kept("GET / HTTP/1.1\r\n\r\n"));
  CHECK_FALSE(kept("GET / HTTP/1.1\r\nConnection: Close\r\n\r\n"));
  CHECK_FALSE(kept("GET / HTTP/1.0\r\n\r\n"));
  CHECK(kept("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
}

TEST_CASE("a header value cannot start another header", "[http]") {
  Response response;
  response.headers = {{"x", "a\r\nevil: 1"}};
  CHECK(head_of(response, true, 0, false).find("\r\nevil") == std::string::npos);
}

TEST_CASE("property: however the bytes are split, the same requests are read", "[http]") {
  REQUIRE(rc::check([](const std::string& body) {
    const std::string sized = "POST /a HTTP/1.1\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    const std::string chunked = "POST /b HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" +
                                (body.empty() ? "" : chunk_of(body)) + std::string(kLastChunk);
    const std::string wire = sized + chunked;
    Reader reader({});
    std::vector<Request> requests;
    for (std::size_t at = 0; at < wire.size();) {
      const auto size = *rc::gen::inRange<std::size_t>(1, 20);
      reader.feed(std::string_view(wire).substr(at, size));
      at += size;
      for (auto read = reader.next(); !std::holds_alternative<Reader::NeedMore>(read); read = reader.next()) {
        RC_ASSERT(std::holds_alternative<Request>(read));
        requests.push_back(std::get<Request>(read));
      }
    }
    RC_ASSERT(requests.size() == 2U);
    RC_ASSERT(requests[0].body == body);
    RC_ASSERT(requests[1].body == body);
    RC_ASSERT(requests[1].path == "/b");
  }));
}

}  // namespace
}  // namespace simulator::http
