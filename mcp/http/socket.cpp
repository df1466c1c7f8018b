#include "mcp/http/socket.h"

#include <arpa/inet.h>
#include <fmt/core.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <vector>

namespace weir::mcp {
namespace {

constexpr int kBacklog = 4096;

std::string to_text(const sockaddr_storage& address) {
  char text[INET6_ADDRSTRLEN] = "?";
  if (address.ss_family == AF_INET6) {
    sockaddr_in6 in6;
    std::memcpy(&in6, &address, sizeof in6);
    inet_ntop(AF_INET6, &in6.sin6_addr, text, sizeof text);
    return fmt::format("[{}]:{}", text, ntohs(in6.sin6_port));
  }
  sockaddr_in in4;
  std::memcpy(&in4, &address, sizeof in4);
  inet_ntop(AF_INET, &in4.sin_addr, text, sizeof text);
  return fmt::format("{}:{}", text, ntohs(in4.sin_port));
}

int port_of(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
  const auto text = to_text(address);
  return std::stoi(text.substr(text.rfind(':') + 1));
}

Error why_not(int code, const std::string& where) {
  switch (code) {
    case EADDRINUSE:
      return {Fault::unavailable, where + " is already in use; stop the other program or choose another port"};
    case EACCES:
      return {Fault::denied, where + ": not permitted; ports below 1024 are for root, choose a higher one"};
    case EADDRNOTAVAIL:
      return {Fault::bad_input, where + " is not an address of this machine"};
    default:
      return {Fault::unavailable, fmt::format("{}: {}", where, std::strerror(code))};
  }
}

}  // namespace

Socket::~Socket() {
  if (fd_ >= 0) close(fd_);
}

void Socket::reset_on_close() {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

Result<Listening> listen_on(const std::string& host, int port) {
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  const std::string name = bracketed ? host.substr(1, host.size() - 2) : host;
  const std::string where =
      name.find(':') == std::string::npos ? fmt::format("{}:{}", name, port) : fmt::format("[{}]:{}", name, port);
  if (port < 0 || port > 65535) return fail(Fault::bad_input, where + ": a port is a number from 0 to 65535");

  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (const int code = getaddrinfo(name.c_str(), std::to_string(port).c_str(), &hints, &found); code != 0)
    return fail(Fault::bad_input, fmt::format("{}: no such host: {}", where, gai_strerror(code)));
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, freeaddrinfo);
  std::vector<const addrinfo*> addresses;
  for (auto* address = found; address != nullptr; address = address->ai_next) addresses.push_back(address);
  std::stable_partition(addresses.begin(), addresses.end(),
                        [](auto* address) { return address->ai_family == AF_INET; });

  int code = EADDRNOTAVAIL;
  for (const auto* address : addresses) {
    Socket socket(::socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    const int on = 1;
    // REUSEADDR, so that a restart need not wait for old connections. Not REUSEPORT: two servers would share a port in
    // silence.
    if (socket.fd() >= 0 && setsockopt(socket.fd(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
        bind(socket.fd(), address->ai_addr, address->ai_addrlen) == 0 && listen(socket.fd(), kBacklog) == 0) {
      const int actual = port_of(socket.fd());
      return Listening{std::move(socket), actual};
    }
    code = errno;
  }
  return tl::unexpected<Error>(why_not(code, where));
}

AcceptOutcome accept_from(int listening_fd, Socket& socket, std::string& peer) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  const int fd = accept4(listening_fd, reinterpret_cast<sockaddr*>(&address), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) {
    switch (errno) {
      case EAGAIN:
        return AcceptOutcome::nothing;
      case EINTR:
      case ECONNABORTED:
      case EPROTO:
        return AcceptOutcome::again;  // the peer was gone before we came
      default:
        return AcceptOutcome::exhausted;  // EMFILE, ENFILE, ENOBUFS, ENOMEM
    }
  }
  socket = Socket(fd);
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // answers leave whole; Nagle would add 40 ms to streams
  peer = to_text(address);
  return AcceptOutcome::accepted;
}

}  // namespace weir::mcp
