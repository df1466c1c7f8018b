#include "mcp/http/channel.h"

#include <sys/socket.h>

#include <cerrno>

namespace weir::mcp {
namespace {

ssize_t receive_from(int fd, char* to, std::size_t size) {
  for (;;) {
    const auto n = recv(fd, to, size, MSG_DONTWAIT);
    if (n >= 0) return n;
    if (errno == EINTR) continue;
    return errno == EAGAIN || errno == EWOULDBLOCK ? Channel::kBlocked : Channel::kEnd;
  }
}

}  // namespace

ssize_t Channel::receive(char* to, std::size_t size) {
  return tls_ == nullptr ? receive_from(fd(), to, size) : tls_->read(to, size);
}

ssize_t Channel::discard(char* scratch, std::size_t size) { return receive_from(fd(), scratch, size); }

ssize_t Channel::send(const iovec* parts, std::size_t count) {
  // A record holds 16 KiB at most, so a piece is as good as a batch.
  if (tls_ != nullptr) return tls_->write(static_cast<const char*>(parts->iov_base), parts->iov_len);
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(parts);  // sendmsg() only reads it
  message.msg_iovlen = count;
  for (;;) {
    const auto n = sendmsg(fd(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n >= 0) return n;
    if (errno == EINTR) continue;
    return errno == EAGAIN || errno == EWOULDBLOCK ? kBlocked : kEnd;
  }
}

bool Channel::shut_down() { return shutdown(fd(), SHUT_WR) == 0; }

}  // namespace weir::mcp
