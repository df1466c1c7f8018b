// Bytes as they arrive, cut into lines. A line ends with "\n" or "\r\n"; blank ones are left out; what stands after the
// last end when the input ends is a line too.
// Invariant: holds at most line_bytes_max bytes and one read more. A longer line is reported once, and skipped to its
//            end.
// Threads: the caller's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weir::mcp {

class Lines {
 public:
  explicit Lines(std::int64_t line_bytes_max) : bytes_max_(static_cast<std::size_t>(line_bytes_max)) {}

  struct Line {
    std::string_view text;  // valid until the next call
    bool too_long = false;  // then the text is empty
  };
  void feed(std::string_view bytes);
  void end() { ended_ = true; }
  // The next whole line, if there is one.
  std::optional<Line> next();

 private:
  std::optional<Line> partial();

  const std::size_t bytes_max_;
  std::string buffer_;
  std::size_t begin_ = 0;    // of what has not been given out
  std::size_t scanned_ = 0;  // no line end before it
  bool skipping_ = false;
  bool ended_ = false;
};

}  // namespace weir::mcp
