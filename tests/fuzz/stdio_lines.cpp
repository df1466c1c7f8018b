// Bytes on stdin → lines: however the bytes are cut up, they are those that the text has.
#include <vector>

#include "mcp/lines.h"
#include "tests/fuzz/fuzz.h"

using namespace weir;

namespace {

constexpr std::size_t kLineMax = 64;
const std::string kTooLong = "(too long)";

// The same, by hand.
std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const auto end = text.find('\n');
    auto line = text.substr(0, end);
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
    // A "\r" at the very end of the input belongs to a line end that never came.
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.size() > kLineMax)
      lines.push_back(kTooLong);
    else if (line.find_first_not_of(" \t\r") != line.npos)
      lines.emplace_back(line);
  }
  return lines;
}

void drain(mcp::Lines& lines, std::vector<std::string>& heard) {
  while (const auto line = lines.next()) heard.push_back(line->too_long ? kTooLong : std::string(line->text));
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  auto input = fuzz::text_of(bytes, size);
  fuzz::Cuts cuts(fuzz::take_byte(input));
  const auto expected = lines_of(input);
  mcp::Lines lines(kLineMax);
  std::vector<std::string> heard;
  while (!input.empty()) {
    lines.feed(cuts.next(input));
    drain(lines, heard);
  }
  lines.end();
  drain(lines, heard);
  fuzz::claim(heard == expected, "the lines are those of the text");
  return 0;
}
