// Answers in pieces, over a real socket.
#include <catch2/catch.hpp>
#include <future>

#include "tests/tools/raw_server.h"
#include "tools/http/curl.h"

namespace weir {
namespace {
using namespace std::chrono_literals;
using fakes::RawConnection;
using fakes::RawServer;

const std::string kHead = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
std::string chunk(const std::string& text) {
  char size[16];
  std::snprintf(size, sizeof size, "%zx\r\n", text.size());
  return size + text + "\r\n";
}

// Reads an answer in pieces, until its end or until `cut` is true of what has come.
struct Reading {
  UvLoop loop;
  CurlClient client{loop};
  std::unique_ptr<Transfer> transfer;
  std::string text;
  int pieces = 0;
  std::optional<HttpResult> end;
  HttpRequest request;
  Timer patience;

  explicit Reading(const std::string& url) {
    request.url = url;
    request.body = "{}";
  }
  void run(std::function<void(const std::string& so_far)> on_piece = {}) {
    transfer = client.send(request, {.piece =
                                         [this, on_piece](const HttpResponse& head, std::string_view piece) {
                                           CHECK(head.status == 200);
                                           CHECK(head.body.empty());
                                           REQUIRE(head.header("content-type") != nullptr);
                                           text += piece;
                                           ++pieces;
                                           if (on_piece) on_piece(text);
                                         },
                                     .done =
                                         [this](HttpResult result) {
                                           end = std::move(result);
                                           loop.stop();
                                         }});
    patience = loop.at(loop.now() + 20s, [this] { loop.stop(); });
    loop.run();
    patience.cancel();
  }
};

TEST_CASE("a streamed success is told piece by piece, as it comes, and ends with a head without a body", "[curl]") {
  std::promise<void> first_seen;
  RawServer server([&](RawConnection& c, int) {
    c.read_request();
    c.write(kHead + chunk("one "));
    first_seen.get_future().wait();  // the second is written only when the first has been told
    c.write(chunk("two") + "0\r\n\r\n");
    c.wait_for_close();
  });
  Reading reading(server.url());
  reading.run([&](const std::string& so_far) {
    if (so_far == "one ") first_seen.set_value();
  });
  REQUIRE(reading.end.has_value());
  REQUIRE(reading.end->has_value());
  CHECK((*reading.end)->body.empty());
  CHECK((*reading.end)->status == 200);
  CHECK(reading.text == "one two");
  CHECK(reading.pieces >= 2);
}

TEST_CASE("an answer that is no success comes whole, streamed or not", "[curl]") {
  RawServer server([&](RawConnection& c, int) {
    c.read_request();
    c.write("HTTP/1.1 429 Too Many\r\nContent-Length: 4\r\n\r\nbusy");
    c.wait_for_close();
  });
  Reading reading(server.url());
  reading.run();
  REQUIRE(reading.end->has_value());
  CHECK((*reading.end)->body == "busy");
  CHECK(reading.pieces == 0);
}

TEST_CASE("a stream that is cut is told up to there, then fails as sent and answered", "[curl]") {
  RawServer server([&](RawConnection& c, int) {
    c.read_request();
    c.write(kHead + chunk("half"));
  });
  Reading reading(server.url());
  reading.run();
  CHECK(reading.text == "half");
  REQUIRE_FALSE(reading.end->has_value());
  CHECK(reading.end->error().sent);
  CHECK(reading.end->error().answered);
}

TEST_CASE("silence in the middle of a stream ends it after the idle timeout", "[curl]") {
  RawServer server([&](RawConnection& c, int) {
    c.read_request();
    c.write(kHead + chunk("half"));
    c.wait_for_close();
  });
  Reading reading(server.url());
  reading.request.idle_timeout = 30ms;
  reading.run();
  CHECK(reading.text == "half");
  REQUIRE_FALSE(reading.end->has_value());
  CHECK(reading.end->error().fault == Fault::timed_out);
}

TEST_CASE("a stream above the cap is cut off", "[curl]") {
  RawServer server([&](RawConnection& c, int) {
    c.read_request();
    c.write(kHead + chunk(std::string(600, 'x')) + chunk(std::string(600, 'x')) + "0\r\n\r\n");
    c.wait_for_close();
  });
  Reading reading(server.url());
  reading.request.response_bytes_max = 1'000;
  reading.run();
  REQUIRE_FALSE(reading.end->has_value());
  CHECK(reading.end->error().fault == Fault::bad_reply);
  CHECK(reading.text.size() <= 1'000);
}

TEST_CASE("a transfer may be destroyed by its own piece: the server sees the connection close at once", "[curl]") {
  std::promise<void> closed;
  RawServer server([&](RawConnection& c, int) {
    c.read_request();
    c.write(kHead + chunk("half"));
    c.wait_for_close();
    closed.set_value();
  });
  Reading reading(server.url());
  reading.run([&](const std::string&) {
    reading.transfer.reset();
    reading.loop.stop();
  });
  CHECK_FALSE(reading.end.has_value());
  CHECK(closed.get_future().wait_for(10s) == std::future_status::ready);
}

}  // namespace
}  // namespace weir
