// A socket that is closed by its destructor, and the two ways to get one here: listening, and accepting.
// Errors:  listen_on() says what and where, e.g. "127.0.0.1:8787 is already in use".
// Threads: a Socket belongs to one thread at a time.
#pragma once

#include <string>
#include <utility>

#include "config/result.h"

namespace weir::mcp {

class Socket {
 public:
  Socket() = default;
  explicit Socket(int fd) : fd_(fd) {}
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Socket& operator=(Socket&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Socket();
  int fd() const { return fd_; }
  void reset_on_close();  // what the peer has not taken is thrown away, and it is told so

 private:
  int fd_ = -1;
};

struct Listening {
  Socket socket;
  int port = 0;
};

// `host` is an address ("127.0.0.1", "::1", "[::1]") or a name; of a name with both, the IPv4 address is taken.
Result<Listening> listen_on(const std::string& host, int port);

enum class AcceptOutcome {
  accepted,
  nothing,
  again,
  exhausted
};  // again: try the next; exhausted: no descriptors left
AcceptOutcome accept_from(int listening_fd, Socket& socket, std::string& peer);

}  // namespace weir::mcp
