// Outgoing HTTP/1.1 by libcurl's multi-socket interface, on the loop. One multi handle: connections are kept and
// reused, names are resolved by libcurl's own threads, so that nothing here blocks. Up to about 1,000 transfers at once
// to a host.
// Invariant: what is told is told from the loop, with nothing of libcurl on the stack: it may send, cancel, destroy any
//           transfer. Pieces of one turn of the loop come as one.
// Shape:   redirects are not followed, cookies and .netrc not read, compressed answers not asked for; only http and
//          https. Proxies are taken from the environment as libcurl does, but never for a loopback host.
// Guard:   the address is looked at where the socket is made, and once more on the connection that is used, which may
//          be a kept one; a name that is resolved anew in between changes nothing.
// Errors:  denied = the server's certificate could not be verified, or the guard forbids its address; bad_reply = too
// large, or not HTTP; bad_input = a
//          URL or header that cannot be sent. A kept connection that the server has closed is replaced by libcurl,
//          unseen.
// Threads: the loop's thread.
// Owner:   outlives its transfers; the loop outlives it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "limiter/loop_uv.h"
#include "tools/http/client.h"

namespace weir {

struct CurlOptions {
  std::string ca_file;                  // PEM; empty = the system's certificate authorities
  std::int64_t idle_connections = 256;  // kept for reuse, all hosts together
  std::int64_t response_header_bytes_max = 64 << 10;
  int response_headers_max = 1'000;
};

class CurlClient final : public HttpClient {
 public:
  explicit CurlClient(UvLoop& loop, CurlOptions options = {});
  ~CurlClient() override;
  CurlClient(const CurlClient&) = delete;
  CurlClient& operator=(const CurlClient&) = delete;

  using HttpClient::send;
  [[nodiscard]] std::unique_ptr<Transfer> send(HttpRequest request, HttpEvents events) override;

 private:
  struct State;
  class CurlTransfer;
  std::unique_ptr<State> state_;
};

}  // namespace weir
