// The HTTP server: cpp-httplib for routing, under it our own connection layer: strict framing, limits, timeouts,
// deferred answers, streams, disconnects noticed at once, graceful drain. A few threads, each with its own loop; no
// thread waits for an answer.
// Errors:  listen() says what and where ("127.0.0.1:8787 is already in use"; which TLS file is wrong). Hostile requests
// get a 4xx or 5xx and a
//          closed connection. A peer that closes or half-closes while its answer is pending has gone away.
// Threads: listen() and drain() from the owner's thread, state() from any; handlers run on connection threads and
//          must not block.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "config/result.h"
#include "mcp/transport.h"

namespace weir::mcp {

struct HttpOptions {
  std::string host = "127.0.0.1";
  int port = 0;  // 0 = any free one
  int threads = 2;
  std::int64_t body_bytes_max = 4 << 20;
  std::int64_t bodies_bytes_max = 256 << 20;  // of all requests still arriving together; more and the latest get 503
  std::int64_t head_bytes_max = 16 << 10;     // request line and headers together
  int headers_max = 100;
  int connections_max = 10'000;  // one more gets 503 with Retry-After, and is closed
  std::string busy_body = {};  // JSON: what a 503 of the door says; empty = a few words
  std::chrono::nanoseconds idle_timeout = std::chrono::seconds(75);
  std::chrono::nanoseconds read_timeout = std::chrono::seconds(15);
  std::chrono::nanoseconds write_timeout = std::chrono::seconds(15);
  std::chrono::nanoseconds keepalive = std::chrono::seconds(14);  // silence of an event stream; then a comment goes out
  std::string tls_cert = {}, tls_key = {};          // PEM files; both empty: plain HTTP
  std::int64_t stream_backlog_bytes_max = 1 << 20;  // unread stream data per connection; more and the reader is dropped
};

struct HttpState {
  int connections = 0, in_flight = 0;
};

class HttpServer {
 public:
  HttpServer(HttpOptions options);
  ~HttpServer();  // stops
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Before listen(). `path` is exact; `handler` gets every method of it. Unknown paths are 404 without a body of ours.
  void route(const std::string& path, Handler handler);
  Result<int> listen();  // starts the threads; answers the port
  // Stops accepting, lets requests in flight finish until the deadline, then closes what is left. Blocks.
  void drain(std::chrono::nanoseconds longest);
  HttpState state() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace weir::mcp
