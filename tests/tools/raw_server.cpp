#include "tests/tools/raw_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>

namespace weir::fakes {
namespace {

int listen_on_loopback(int& port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (fd < 0 || bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(fd, 1024) != 0 ||
      getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    throw std::runtime_error("no loopback port");
  port = ntohs(address.sin_port);
  return fd;
}

}  // namespace

std::optional<std::string> RawConnection::read_request() {
  for (;;) {
    const auto head = buffer_.find("\r\n\r\n");
    if (head != std::string::npos) {
      std::size_t body = 0;
      if (const auto at = buffer_.find("Content-Length: "); at < head) body = std::stoul(buffer_.substr(at + 16));
      const std::size_t whole = head + 4 + body;
      if (buffer_.size() >= whole) {
        std::string request = buffer_.substr(0, whole);
        buffer_.erase(0, whole);
        return request;
      }
    }
    char bytes[65536];
    const auto n = recv(fd_, bytes, sizeof bytes, 0);
    if (n <= 0) return std::nullopt;
    buffer_.append(bytes, static_cast<std::size_t>(n));
  }
}

void RawConnection::write(const std::string& bytes) {
  std::size_t at = 0;
  while (at < bytes.size()) {
    const auto n = send(fd_, bytes.data() + at, bytes.size() - at, MSG_NOSIGNAL);
    if (n <= 0) return;
    at += static_cast<std::size_t>(n);
  }
}

bool RawConnection::wait_for_close() {
  char byte;
  return recv(fd_, &byte, 1, 0) <= 0;
}

void RawConnection::reset_on_close() {
  const linger abort{1, 0};
  setsockopt(fd_, SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
}

RawServer::RawServer(Script script) : script_(std::move(script)), listener_(listen_on_loopback(port_)) {
  acceptor_ = std::thread([this] { accept_all(); });
}

RawServer::~RawServer() {
  std::vector<std::thread> threads;
  {
    const std::lock_guard lock(mu_);
    closing_ = true;
    shutdown(listener_, SHUT_RDWR);
    for (const int fd : open_) shutdown(fd, SHUT_RDWR);
  }
  acceptor_.join();
  threads.swap(threads_);
  for (auto& thread : threads) thread.join();
  close(listener_);
}

std::string RawServer::url(const std::string& path) const { return "http://127.0.0.1:" + std::to_string(port_) + path; }

void RawServer::accept_all() {
  for (;;) {
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    const int nth = accepts_++;
    const std::lock_guard lock(mu_);
    if (closing_) {
      close(fd);
      return;
    }
    open_.push_back(fd);
    threads_.emplace_back([this, fd, nth] {
      RawConnection connection(fd);
      script_(connection, nth);
      const std::lock_guard inner(mu_);
      std::erase(open_, fd);
      close(fd);
    });
  }
}

int closed_port() {
  int port = 0;
  close(listen_on_loopback(port));
  return port;
}

std::string ok_response(const std::string& body) {
  return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

}  // namespace weir::fakes
