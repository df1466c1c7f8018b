#include "wire.h"

#include <fmt/core.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <cstdlib>
#include <thread>

#include "mcp/http/syntax.h"

namespace weir::mcp {
namespace {

constexpr std::chrono::milliseconds kPatience{30'000};

}  // namespace

std::string Answer::header(std::string_view name) const {
  for (const auto& [key, value] : headers)
    if (key == name) return value;
  return "";
}

Wire::Wire(int port, const std::string& host, int receive_buffer_bytes) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  REQUIRE(getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found) == 0);
  int connected = -1;
  for (auto* address = found; address != nullptr && connected != 0; address = address->ai_next) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (receive_buffer_bytes > 0)
      setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes, sizeof receive_buffer_bytes);
    connected = connect(fd_, address->ai_addr, address->ai_addrlen);
  }
  freeaddrinfo(found);
  REQUIRE(connected == 0);
}

Wire::~Wire() { close(); }

void Wire::close() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

void Wire::half_close() { shutdown(fd_, SHUT_WR); }

void Wire::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n < 0 && (errno == EPIPE || errno == ECONNRESET)) return;
    REQUIRE(n > 0);
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
}

bool Wire::readable_within(std::chrono::milliseconds longest) {
  pollfd entry{.fd = fd_, .events = POLLIN, .revents = 0};
  return poll(&entry, 1, static_cast<int>(longest.count())) == 1;
}

bool Wire::receive() {
  if (!readable_within(kPatience)) FAIL("nothing came in time; so far: " << got_.substr(0, 200));
  char buffer[65536];
  const auto n = recv(fd_, buffer, sizeof buffer, 0);
  if (n <= 0) return false;
  got_.append(buffer, static_cast<std::size_t>(n));
  return true;
}

std::string Wire::line() {
  auto end = got_.find("\r\n");
  while (end == std::string::npos) {
    if (!receive()) FAIL("closed in the middle of a line: " << got_);
    end = got_.find("\r\n");
  }
  std::string result = got_.substr(0, end);
  got_.erase(0, end + 2);
  return result;
}

std::string Wire::exactly(std::size_t bytes) {
  while (got_.size() < bytes)
    if (!receive()) FAIL("closed after " << got_.size() << " of " << bytes << " bytes");
  std::string result = got_.substr(0, bytes);
  got_.erase(0, bytes);
  return result;
}

std::string Wire::chunk() {
  const auto size = std::strtoul(line().c_str(), nullptr, 16);
  std::string result = exactly(size);
  REQUIRE(line().empty());
  return result;
}

std::string Wire::until_closed() {
  while (receive()) {
  }
  return std::exchange(got_, {});
}

Answer Wire::answer(bool to_head) {
  Answer answer;
  const std::string status = line();
  INFO("status line: " << status);
  REQUIRE(status.substr(0, 9) == "HTTP/1.1 ");
  answer.status = std::atoi(status.c_str() + 9);
  for (std::string header = line(); !header.empty(); header = line()) {
    const auto colon = header.find(':');
    REQUIRE(colon != std::string::npos);
    answer.headers.emplace_back(to_lower(header.substr(0, colon)), trimmed(std::string_view(header).substr(colon + 1)));
  }
  if (to_head || answer.status == 100 || answer.status == 204 || answer.status == 304) return answer;
  if (answer.header("transfer-encoding") == "chunked") {
    for (std::string part = chunk(); !part.empty(); part = chunk()) answer.body += part;
  } else if (const auto length = answer.header("content-length"); !length.empty()) {
    answer.body = exactly(std::strtoul(length.c_str(), nullptr, 10));
  } else {
    answer.body = until_closed();
  }
  return answer;
}

std::string get(std::string_view target, std::string_view more_headers) {
  return fmt::format("GET {} HTTP/1.1\r\nHost: localhost\r\n{}\r\n", target, more_headers);
}

std::string post(std::string_view target, std::string_view body, std::string_view more_headers) {
  return fmt::format("POST {} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n{}\r\n{}", target, body.size(),
                     more_headers, body);
}

TestServer::TestServer(HttpOptions options) : server_(std::move(options)) {
  server_.route("/echo", [](Inbound in, std::shared_ptr<Exchange> exchange) {
    exchange->reply({.status = 200, .headers = {{"Content-Type", "text/plain"}}, .body = std::move(in.body)});
  });
  server_.route("/head", [](Inbound in, std::shared_ptr<Exchange> exchange) {
    std::string text = in.method + " " + in.target + "\n";
    for (const auto& [name, value] : in.headers) text += name + "=" + value + "\n";
    exchange->reply({.status = 200, .body = std::move(text)});
  });
}

int TestServer::start() {
  const auto port = server_.listen();
  if (!port) FAIL(port.error().message);
  return *port;
}

Handler Kept::handler() {
  return [this](Inbound, std::shared_ptr<Exchange> exchange) {
    const std::lock_guard lock(mu_);
    exchanges_.push_back(std::move(exchange));
    come_.notify_all();
  };
}

std::shared_ptr<Exchange> Kept::next() {
  std::unique_lock lock(mu_);
  if (!come_.wait_for(lock, kPatience, [this] { return !exchanges_.empty(); })) FAIL("no request came");
  auto exchange = std::move(exchanges_.front());
  exchanges_.pop_front();
  return exchange;
}

std::size_t Kept::size() {
  const std::lock_guard lock(mu_);
  return exchanges_.size();
}

void await(const std::function<bool()>& done) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (!done()) {
    if (std::chrono::steady_clock::now() > deadline) FAIL("waited in vain");
    std::this_thread::yield();
  }
}

}  // namespace weir::mcp
