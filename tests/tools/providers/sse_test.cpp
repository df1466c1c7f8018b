#include "tools/providers/sse.h"

#include <catch2/catch.hpp>
#include <vector>

namespace weir {
namespace {

using Events = std::vector<std::pair<std::string, std::string>>;

struct Stream {
  SseReader reader;
  Events events{};
  bool more = true;

  bool feed(std::string_view piece) {
    return reader.feed(piece, [this](const SseEvent& event) {
      events.emplace_back(event.name, event.payload);
      return more;
    });
  }
  Events end() {
    reader.end([this](const SseEvent& event) {
      events.emplace_back(event.name, event.payload);
      return more;
    });
    return events;
  }
};

Events read(std::string_view text) {
  Stream stream;
  CHECK(stream.feed(text));
  return stream.end();
}

TEST_CASE("lines end with LF, CRLF or CR", "[sse]") {
  const Events expected = {{"a", "1"}, {"", "2"}};
  CHECK(read("event: a\ndata: 1\n\ndata: 2\n\n") == expected);
  CHECK(read("event: a\r\ndata: 1\r\n\r\ndata: 2\r\n\r\n") == expected);
  CHECK(read("event: a\rdata: 1\r\rdata: 2\r\r") == expected);
  CHECK(read("event: a\r\ndata: 1\n\rdata: 2\r\n\n") == expected);
}

TEST_CASE("data lines are joined; one space after the colon is not theirs", "[sse]") {
  CHECK(read("data:a\ndata:  b\ndata\ndata:\n\n") == Events{{"", "a\n b\n\n"}});
}

TEST_CASE("comments, other fields, and events without data are passed over", "[sse]") {
  CHECK(read(": OPENROUTER PROCESSING\n\nevent: ping\n\nid: 7\nretry: 3\nwhat: ever\ndata: x\n\n\n\n") ==
        Events{{"", "x"}});
}

TEST_CASE("the name of an event without data is not the next one's", "[sse]") {
  CHECK(read("event: a\n\ndata: 1\n\n") == Events{{"", "1"}});
}

TEST_CASE("a byte order mark at the start is skipped, and only there", "[sse]") {
  CHECK(read("\xEF\xBB\xBF"
             "data: 1\n\n\xEF\xBB\xBF"
             "data: 2\n\ndata: 3\n\n") == Events{{"", "1"}, {"", "3"}});
}

TEST_CASE("the last event is told of without the empty line that it lacks", "[sse]") {
  CHECK(read("data: 1\n\ndata: 2") == Events{{"", "1"}, {"", "2"}});
  CHECK(read("data: 1\n") == Events{{"", "1"}});
  CHECK(read("") == Events{});
  CHECK(read("event: a\n") == Events{});
}

TEST_CASE("events are the same wherever the bytes are cut", "[sse]") {
  const std::string text =
      "\xEF\xBB\xBF"
      ": hello\r\nevent: a\r\ndata: \xE2\x82\xAC 1\r\ndata: 2\r\n\r\n\rdata: 3\r\rdata:4\n\nevent: b\ndata: "
      "{}\n\ndata: 5";
  const Events whole = read(text);
  REQUIRE(whole.size() == 5);
  for (std::size_t first = 0; first <= text.size(); ++first) {
    for (std::size_t second = first; second <= text.size(); ++second) {
      Stream stream;
      stream.feed(std::string_view(text).substr(0, first));
      stream.feed(std::string_view(text).substr(first, second - first));
      stream.feed(std::string_view(text).substr(second));
      REQUIRE(stream.end() == whole);
    }
  }
  Stream stream;
  for (const char c : text) stream.feed({&c, 1});
  CHECK(stream.end() == whole);
}

TEST_CASE("events come as soon as they are complete", "[sse]") {
  Stream stream;
  stream.feed("data: 1\n");
  CHECK(stream.events.empty());
  stream.feed("\n");
  CHECK(stream.events.size() == 1);
  stream.feed("data: 2\r");
  stream.feed("\r");
  CHECK(stream.events.size() == 2);
}

TEST_CASE("after a no, the rest of the piece is dropped", "[sse]") {
  Stream stream;
  stream.more = false;
  CHECK(stream.feed("data: 1\n\ndata: 2\n\n"));
  CHECK(stream.events.size() == 1);
}

TEST_CASE("whoever is told of an event may do away with the reader", "[sse]") {
  auto reader = std::make_unique<SseReader>();
  std::string heard;
  reader->feed("event: a\ndata: 1\n\ndata: 2\n\n", [&](const SseEvent& event) {
    reader.reset();
    heard = std::string(event.name) + std::string(event.payload);
    return false;
  });
  CHECK(heard == "a1");
}

TEST_CASE("an event as large as the bound is read; one byte more ends the reading", "[sse]") {
  const auto line = [](std::size_t bytes) { return "data:" + std::string(bytes - 5, 'x'); };
  Stream fits;
  CHECK(fits.feed(line(SseReader::kEventBytesMax)));
  CHECK(fits.feed("\n\n"));
  REQUIRE(fits.events.size() == 1);
  CHECK(fits.events[0].second.size() == SseReader::kEventBytesMax - 5);

  Stream breaks;
  CHECK_FALSE(breaks.feed(line(SseReader::kEventBytesMax + 1)));
  CHECK_FALSE(breaks.feed("\n\ndata: 1\n\n"));
  CHECK(breaks.end().empty());
}

TEST_CASE("many lines of one event, and a line in many pieces, are bounded too", "[sse]") {
  Stream lines;
  std::size_t fed = 0;
  while (lines.feed("data: 0123456789\n") && fed < 2 * SseReader::kEventBytesMax) fed += 17;
  CHECK(fed < 2 * SseReader::kEventBytesMax);
  Stream pieces;
  fed = 0;
  const std::string piece(1000, ':');
  while (pieces.feed(piece) && fed < 2 * SseReader::kEventBytesMax) fed += piece.size();
  CHECK(fed <= SseReader::kEventBytesMax);
  CHECK(fed > SseReader::kEventBytesMax - 1000);
}

}  // namespace
}  // namespace weir
