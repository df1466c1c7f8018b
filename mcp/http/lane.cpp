#include "mcp/http/lane.h"

#include <system_error>
#include <utility>

#include "mcp/http/connection.h"

namespace weir::mcp {
namespace {

constexpr std::size_t kScratchBytes = 32 << 10;

}  // namespace

void Census::changed() {
  const std::lock_guard lock(mu_);
  changed_.notify_all();
}

bool Census::wait_until_empty(Duration longest) {
  std::unique_lock lock(mu_);
  return changed_.wait_for(lock, longest, [this] { return !accepting && connections == 0; });
}

Lane::Lane(const HttpOptions& options, const std::vector<Route>& routes, Census& census, const TlsContext* tls)
    : options_(options),
      census_(census),
      tls_(tls),
      mailbox_(std::make_shared<Mailbox>(loop_)),
      router_(routes),
      scratch_(kScratchBytes) {}

Lane::~Lane() { stop(); }

void Lane::start() {
  thread_ = std::thread([this] {
    mailbox_->move_in();
    loop_.run();
  });
}

void Lane::stop() {
  if (!thread_.joinable()) return;
  loop_.stop();
  thread_.join();
  mailbox_->close();
  while (!connections_.empty()) forget(*connections_.begin()->first);
}

void Lane::adopt(Socket socket, std::string peer, bool shed) {
  // A std::function must be copyable, a socket is not.
  auto shared = std::make_shared<Socket>(std::move(socket));
  loop_.post([this, shared, peer = std::move(peer), shed]() mutable {
    auto channel = tls_ == nullptr ? Channel(std::move(*shared)) : Channel(std::move(*shared), *tls_);
    auto connection = std::make_shared<Connection>(*this, std::move(channel), std::move(peer));
    connections_.emplace(connection.get(), connection);
    try {
      shed ? connection->shed() : connection->start();
    } catch (const std::system_error&) {
      forget(*connection);  // the kernel has no watch left for it
    }
  });
}

void Lane::drain() {
  loop_.post([this] {
    draining_ = true;
    std::vector<std::shared_ptr<Connection>> all;
    for (const auto& [key, connection] : connections_) all.push_back(connection);
    for (const auto& connection : all) connection->begin_drain();
  });
}

void Lane::ask_to_stop() {
  loop_.post([this] {
    std::vector<std::shared_ptr<Connection>> all;
    for (const auto& [key, connection] : connections_) all.push_back(connection);
    for (const auto& connection : all) connection->ask_to_stop();
  });
}

void Lane::bury(Connection& connection) {
  loop_.post([this, key = &connection] { forget(*key); });
}

void Lane::forget(Connection& connection) {
  auto node = connections_.extract(&connection);
  if (node.empty()) return;
  const bool shed = node.mapped()->is_shed();
  // The socket is closed before it stops being counted: connections_max bounds descriptors.
  node.mapped().reset();
  --(shed ? census_.shed : census_.connections);
  census_.changed();
}

}  // namespace weir::mcp
