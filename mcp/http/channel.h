// Bytes in and out of one accepted socket, as they are or under TLS. Without TLS it is the socket and one branch: no
// virtual call, no copy, no memory.
// Threads: one.
#pragma once

#include <sys/types.h>
#include <sys/uio.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

#include "mcp/http/socket.h"
#include "mcp/http/tls.h"

namespace weir::mcp {

class Channel {
 public:
  static constexpr ssize_t kEnd = 0, kBlocked = -1;  // beside the number of bytes; an error is the end too

  explicit Channel(Socket socket) : socket_(std::move(socket)) {}
  Channel(Socket socket, const TlsContext& tls)
      : socket_(std::move(socket)), tls_(std::make_unique<TlsSession>(tls, socket_.fd())) {}

  int fd() const { return socket_.fd(); }
  bool secure() const { return tls_ != nullptr; }
  bool handshaking() const { return tls_ != nullptr && tls_->handshaking(); }
  bool wants_write() const { return tls_ != nullptr && tls_->wants_write(); }
  bool met_plain_http() const { return tls_ != nullptr && tls_->met_plain_http(); }
  void give_up_tls() { tls_.reset(); }

  ssize_t receive(char* to, std::size_t size);
  // Of the first bytes of `parts`, as many as the socket takes at once.
  ssize_t send(const iovec* parts, std::size_t count);
  // Reads what comes and forgets it, as it is on the wire: for a peer whose words no longer matter.
  ssize_t discard(char* scratch, std::size_t size);
  // The last word under TLS. False: blocked, once more when the socket is writable.
  bool say_goodbye() { return tls_ == nullptr || tls_->say_goodbye(); }
  bool shut_down();  // our half; the peer sees the end
  void reset_on_close() { socket_.reset_on_close(); }

 private:
  Socket socket_;
  std::unique_ptr<TlsSession> tls_;
};

}  // namespace weir::mcp
