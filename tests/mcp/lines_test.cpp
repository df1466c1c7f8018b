#include "mcp/lines.h"

#include <rapidcheck.h>

#include <catch2/catch.hpp>
#include <string>
#include <vector>

using weir::mcp::Lines;

namespace {

// Feeds the bytes in pieces of `piece`, and gives back the lines; a too long one as "<too long>".
std::vector<std::string> cut(const std::string& bytes, std::size_t piece, int bytes_max) {
  Lines lines(bytes_max);
  std::vector<std::string> result;
  const auto take = [&] {
    while (const auto line = lines.next()) result.push_back(line->too_long ? "<too long>" : std::string(line->text));
  };
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    lines.feed(bytes.substr(at, piece));
    take();
  }
  lines.end();
  take();
  return result;
}

using List = std::vector<std::string>;

}  // namespace

TEST_CASE("lines are cut the same however the bytes arrive", "[lines]") {
  const std::string bytes = "one\ntwo\r\n\n \t\r\n12345678\n123456789\n123456789\r\n12345678\r\nlast";
  const List expected = {"one", "two", "12345678", "<too long>", "<too long>", "12345678", "last"};
  for (std::size_t piece = 1; piece <= bytes.size(); ++piece) CHECK(cut(bytes, piece, 8) == expected);
}

TEST_CASE("a line that never ends is reported once", "[lines]") {
  CHECK(cut(std::string(1000, 'x'), 7, 8) == List{"<too long>"});
  CHECK(cut(std::string(1000, 'x') + "\nok", 7, 8) == List{"<too long>", "ok"});
}

TEST_CASE("pieces do not matter, for any bytes", "[lines]") {
  const bool held = rc::check([] {
    const auto letters = *rc::gen::container<std::string>(rc::gen::element('a', 'b', ' ', '\n', '\r'));
    const auto piece = *rc::gen::inRange<std::size_t>(1, 10);
    RC_ASSERT(cut(letters, piece, 4) == cut(letters, letters.size() + 1, 4));
  });
  CHECK(held);
}
