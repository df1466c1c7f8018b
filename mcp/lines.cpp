#include "mcp/lines.h"

#include <utility>

namespace weir::mcp {

void Lines::feed(std::string_view bytes) {
  buffer_.erase(0, begin_);
  scanned_ -= begin_;
  begin_ = 0;
  buffer_ += bytes;
}

std::optional<Lines::Line> Lines::next() {
  for (;;) {
    const auto end = buffer_.find('\n', scanned_);
    if (end == buffer_.npos) return partial();
    std::string_view text(buffer_.data() + begin_, end - begin_);
    begin_ = scanned_ = end + 1;
    if (std::exchange(skipping_, false)) continue;  // the rest of a line that was reported
    if (text.ends_with('\r')) text.remove_suffix(1);
    if (text.size() > bytes_max_) return Line{{}, true};
    if (text.find_first_not_of(" \t\r") != text.npos) return Line{text};
  }
}

std::optional<Lines::Line> Lines::partial() {
  scanned_ = buffer_.size();
  const auto size = buffer_.size() - begin_;
  if (skipping_ || size > bytes_max_ + 1) {  // one more: it may be the "\r" of a line that just fits
    begin_ = scanned_;
    return std::exchange(skipping_, true) ? std::nullopt : std::optional(Line{{}, true});
  }
  if (!ended_ || size == 0) return std::nullopt;
  buffer_ += '\n';
  return next();
}

}  // namespace weir::mcp
