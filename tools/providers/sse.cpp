#include "tools/providers/sse.h"

#include <utility>

namespace weir {

bool SseReader::feed(std::string_view piece, const std::function<bool(const SseEvent&)>& tell) {
  while (!broken_ && !piece.empty()) {
    if (std::exchange(after_cr_, false) && piece.front() == '\n') {
      piece.remove_prefix(1);
      continue;
    }
    const auto end = piece.find_first_of("\r\n");
    std::string_view line = piece.substr(0, end);
    if (line_.size() + line.size() + name_.size() + payload_.size() > kEventBytesMax) {
      broken_ = true;
      line_ = name_ = payload_ = {};
      break;
    }
    if (end == piece.npos) {
      line_.append(line);
      break;
    }
    after_cr_ = piece[end] == '\r';
    piece.remove_prefix(end + 1);
    std::string whole;
    if (!line_.empty()) {
      whole = std::exchange(line_, {}).append(line);
      line = whole;
    }
    if (!take_line(line, tell)) return true;
  }
  return !broken_;
}

void SseReader::end(const std::function<bool(const SseEvent&)>& tell) {
  if (broken_) return;
  const std::string last = std::exchange(line_, {});
  if (last.empty() || take_line(last, tell)) take_line("", tell);
}

// Whoever is told may do away with the reader: after a no, nothing of it is touched.
bool SseReader::take_line(std::string_view line, const std::function<bool(const SseEvent&)>& tell) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (std::exchange(at_start_, false) && line.starts_with(kByteOrderMark)) line.remove_prefix(kByteOrderMark.size());
  if (line.empty()) {
    const std::string name = std::exchange(name_, {}), payload = std::exchange(payload_, {});
    return !std::exchange(has_payload_, false) || tell({name, payload});
  }
  const auto colon = line.find(':');
  const std::string_view field = line.substr(0, colon);
  std::string_view value = colon == line.npos ? std::string_view() : line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (field == "event") name_ = value;
  if (field == "data") {
    if (std::exchange(has_payload_, true)) payload_ += '\n';
    payload_ += value;
  }
  return true;
}

}  // namespace weir
