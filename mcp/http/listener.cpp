#include "mcp/http/listener.h"

#include <utility>

namespace weir::mcp {
namespace {

constexpr int kAcceptsPerTurn = 64;
constexpr Duration kPause = std::chrono::milliseconds(100);
// How many may be listening to their 503 at a time. Beyond that connections are closed without a word.
constexpr int kShedMax = 256;
constexpr Readiness kOnRead{.readable = true};

}  // namespace

Listener::Listener(Socket socket, const std::vector<std::unique_ptr<Lane>>& lanes, Census& census)
    : socket_(std::move(socket)), lanes_(lanes), census_(census) {
  census_.accepting = true;
  watch_ = lanes_.front()->loop().watch(socket_.fd(), kOnRead, [this](Readiness) { accept_some(); });
}

void Listener::close() {
  pause_.cancel();
  watch_.reset();
  socket_ = Socket();
  census_.accepting = false;
  census_.changed();
}

void Listener::accept_some() {
  if (socket_.fd() < 0) return;
  for (int i = 0; i < kAcceptsPerTurn; ++i) {
    Socket accepted;
    std::string peer;
    switch (accept_from(socket_.fd(), accepted, peer)) {
      case AcceptOutcome::accepted:
        place(std::move(accepted), std::move(peer));
        break;
      case AcceptOutcome::again:
        break;
      case AcceptOutcome::nothing:
        return;
      case AcceptOutcome::exhausted: {
        auto& loop = lanes_.front()->loop();
        watch_->want({});
        pause_ = loop.at(loop.now() + kPause, [this] { watch_->want(kOnRead); });
        return;
      }
    }
  }
}

void Listener::place(Socket socket, std::string peer) {
  auto& lane = *lanes_[next_++ % lanes_.size()];
  if (census_.connections < lane.options().connections_max) {
    ++census_.connections;
    lane.adopt(std::move(socket), std::move(peer), false);
  } else if (census_.shed < kShedMax) {
    ++census_.shed;
    lane.adopt(std::move(socket), std::move(peer), true);
  }
}

}  // namespace weir::mcp
