#include <catch2/catch.hpp>

#include "hostile.h"
#include "mcp/http/framing.h"
#include "wire.h"

namespace weir::mcp {
namespace {

HttpOptions tight() {
  HttpOptions options;
  options.head_bytes_max = 4096;
  options.headers_max = 20;
  options.body_bytes_max = 1000;
  return options;
}

TEST_CASE("each hostile request gets its status, and its connection is closed or still in step", "[http]") {
  TestServer server(tight());
  const int port = server.start();
  CHECK(hostile_requests().size() >= 50);
  for (const auto& row : hostile_requests()) {
    CAPTURE(row.name);
    Wire wire(port);
    wire.send(row.bytes);
    const Answer answer = wire.answer();
    CHECK(answer.status == row.status);
    CHECK((answer.header("connection") == "close") == !row.kept);
    if (row.kept) {
      wire.send(post("/echo", "in step"));
      CHECK(wire.answer().body == "in step");
    } else {
      CHECK(!answer.body.empty());
      CHECK(wire.until_closed().empty());
    }
  }
  await([&] { return server->state().in_flight == 0; });
}

TEST_CASE("hostile requests are refused alike, byte by byte or whole", "[http]") {
  const FramingLimits limits{.head_bytes_max = 4096, .headers_max = 20, .body_bytes_max = 1000};
  for (const auto& row : hostile_requests()) {
    CAPTURE(row.name);
    RequestReader whole(limits), dripping(limits);
    std::string_view bytes = row.bytes;
    whole.feed(bytes);
    for (std::size_t i = 0; i < row.bytes.size(); ++i) {
      std::string_view byte(&row.bytes[i], 1);
      if (dripping.feed(byte) == RequestReader::State::whole) break;
    }
    CHECK(whole.state() == dripping.state());
    CHECK(whole.refusal() == dripping.refusal());
    const bool refused = whole.state() == RequestReader::State::refused;
    CHECK((refused ? whole.refusal().status : 0) == (row.kept ? 0 : row.status));
  }
}

}  // namespace
}  // namespace weir::mcp
