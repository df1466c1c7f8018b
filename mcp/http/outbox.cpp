#include "mcp/http/outbox.h"

#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <utility>

namespace weir::mcp {
namespace {

constexpr std::size_t kMergeMax = 4096;  // copying less than this is cheaper than one more piece
constexpr std::size_t kPiecesPerCall = 16;

}  // namespace

void Outbox::push(std::string piece) {
  if (piece.empty()) return;
  if (!pieces_.empty() && piece.size() <= kMergeMax && pieces_.back().size() <= kMergeMax)
    pieces_.back() += piece;
  else
    pieces_.push_back(std::move(piece));
}

Outbox::Outcome Outbox::flush(Channel& channel, std::size_t& taken) {
  taken = 0;
  while (!pieces_.empty()) {
    std::array<iovec, kPiecesPerCall> parts;
    std::size_t count = 0, bytes = 0;
    for (auto i = first_; i < pieces_.size() && count < parts.size(); ++i, ++count) {
      const auto skip = i == first_ ? offset_ : 0;
      parts[count] = {pieces_[i].data() + skip, pieces_[i].size() - skip};
      bytes += parts[count].iov_len;
    }
    const auto n = channel.send(parts.data(), count);
    if (n == Channel::kBlocked) return Outcome::blocked;
    if (n <= 0) return Outcome::broken;
    taken += static_cast<std::size_t>(n);
    drop_front(static_cast<std::size_t>(n));
    // A plain socket that takes less has no room; TLS takes a record at a time, and says itself when it has none.
    if (static_cast<std::size_t>(n) < bytes && !channel.secure()) return Outcome::blocked;
  }
  return Outcome::sent;
}

void Outbox::drop_front(std::size_t bytes) {
  while (bytes > 0) {
    auto& piece = pieces_[first_];
    const auto n = std::min(bytes, piece.size() - offset_);
    bytes -= n;
    offset_ += n;
    if (offset_ < piece.size()) return;
    offset_ = 0;
    std::string().swap(piece);
    ++first_;
  }
  if (first_ < pieces_.size()) {
    // Not on every piece: a long backlog would be moved again and again.
    if (first_ >= 64 && first_ * 2 >= pieces_.size()) {
      pieces_.erase(pieces_.begin(), pieces_.begin() + static_cast<std::ptrdiff_t>(first_));
      first_ = 0;
    }
    return;
  }
  std::vector<std::string>().swap(pieces_);
  first_ = 0;
}

}  // namespace weir::mcp
