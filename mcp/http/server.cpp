#include "mcp/http/server.h"

#include <algorithm>
#include <system_error>
#include <utility>
#include <vector>

#include "mcp/http/lane.h"
#include "mcp/http/listener.h"
#include "mcp/http/socket.h"
#include "mcp/http/tls.h"

namespace weir::mcp {
namespace {

// What requests asked to stop have for their last words.
constexpr Duration kGrace = std::chrono::milliseconds(500);

}  // namespace

struct HttpServer::State {
  HttpOptions options;
  std::vector<Route> routes;
  std::shared_ptr<const TlsContext> tls;  // null: plain
  Census census;
  std::vector<std::unique_ptr<Lane>> lanes;
  std::unique_ptr<Listener> listener;

  void stop() {
    for (auto& lane : lanes) lane->stop();
    listener.reset();
    lanes.clear();
    // Connections that were still on their way to their lane were closed with it, uncounted.
    census.connections = 0;
    census.shed = 0;
    census.accepting = false;
  }
};

HttpServer::HttpServer(HttpOptions options) : state_(std::make_unique<State>()) {
  state_->options = std::move(options);
}

HttpServer::~HttpServer() { state_->stop(); }

void HttpServer::route(const std::string& path, Handler handler) {
  state_->routes.push_back({path, std::move(handler)});
}

Result<int> HttpServer::listen() {
  auto& s = *state_;
  if (!s.options.tls_cert.empty()) {
    auto tls = TlsContext::load(s.options.tls_cert, s.options.tls_key);
    if (!tls) return tl::unexpected<Error>(std::move(tls).error());
    s.tls = std::move(*tls);
  }
  auto listening = listen_on(s.options.host, s.options.port);
  if (!listening) return tl::unexpected<Error>(std::move(listening).error());
  try {
    for (int i = 0; i < std::max(s.options.threads, 1); ++i)
      s.lanes.push_back(std::make_unique<Lane>(s.options, s.routes, s.census, s.tls.get()));
    s.listener = std::make_unique<Listener>(std::move(listening->socket), s.lanes, s.census);
    for (auto& lane : s.lanes) lane->start();
  } catch (const std::system_error& error) {
    s.stop();
    return fail(Fault::unavailable, std::string("the HTTP server cannot start its threads: ") + error.what());
  }
  return listening->port;
}

void HttpServer::drain(std::chrono::nanoseconds longest) {
  auto& s = *state_;
  if (s.lanes.empty()) return;
  s.lanes.front()->loop().post([&s] { s.listener->close(); });
  for (auto& lane : s.lanes) lane->drain();
  if (!s.census.wait_until_empty(longest)) {
    for (auto& lane : s.lanes) lane->ask_to_stop();
    s.census.wait_until_empty(kGrace);
  }
  s.stop();
}

HttpState HttpServer::state() const {
  return {.connections = state_->census.connections, .in_flight = state_->census.in_flight};
}

}  // namespace weir::mcp
