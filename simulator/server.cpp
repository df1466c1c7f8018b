#include "simulator/server.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace simulator {
namespace {

// As many descriptors as the system lets us have, less some for everything but connections.
std::size_t connections_possible() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1000;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return std::max<std::size_t>(64, limit.rlim_cur) - 32;
}

[[noreturn]] void fail(const std::string& what) { throw std::runtime_error(what + ": " + std::strerror(errno)); }

}  // namespace

Server::Server(Options options, Connection::Answers answers, Clock clock, int stop_signals)
    : options_(std::move(options)),
      answers_(std::move(answers)),
      clock_(std::move(clock)),
      stop_signals_(stop_signals) {
  options_.connections_max = std::min(options_.connections_max, connections_possible());
  listen_on(options_);
  epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  timer_ = ::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  if (epoll_ < 0 || timer_ < 0) fail("cannot make an epoll and a timer");
  watch(listener_, EPOLLIN, EPOLL_CTL_ADD);
  watch(timer_, EPOLLIN, EPOLL_CTL_ADD);
  watch(stop_signals_, EPOLLIN, EPOLL_CTL_ADD);
}

Server::~Server() {
  for (const int descriptor : {listener_, epoll_, timer_}) {
    if (descriptor >= 0) ::close(descriptor);
  }
}

void Server::listen_on(const Options& options) {
  const std::string host = options.host == "localhost" ? "127.0.0.1" : options.host;
  const std::string where = host + ":" + std::to_string(options.port);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(options.port);
  if (::inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1)
    throw std::runtime_error(where + ": not an IPv4 address");
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (listener_ < 0) fail("cannot make a socket");
  const int on = 1;
  ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  void* const any = &address;
  socklen_t size = sizeof address;
  if (::bind(listener_, static_cast<sockaddr*>(any), size) != 0) fail("cannot listen on " + where);
  if (::listen(listener_, 4096) != 0) fail("cannot listen on " + where);
  if (::getsockname(listener_, static_cast<sockaddr*>(any), &size) != 0) fail("cannot learn the port of " + where);
  port_ = ntohs(address.sin_port);
}

void Server::watch(int descriptor, std::uint32_t events, int operation) {
  epoll_event event{};
  event.events = events;
  event.data.fd = descriptor;
  if (::epoll_ctl(epoll_, operation, descriptor, &event) != 0) fail("epoll_ctl");
}

void Server::run() {
  std::array<epoll_event, 256> events;
  for (bool stop = false; !stop;) {
    arm_timer();
    const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
    if (count < 0 && errno != EINTR) fail("epoll_wait");
    bool arrivals = false;
    for (int i = 0; i < count; ++i) {
      const auto& event = events[static_cast<std::size_t>(i)];
      if (event.data.fd == stop_signals_) {
        stop = true;
      } else if (event.data.fd == listener_) {
        arrivals = true;
      } else if (event.data.fd != timer_) {
        handle(event.data.fd, event.events);
      }
    }
    serve_due();
    // Last, because a new connection may get the number of one that was closed in this round.
    if (arrivals) accept_all();
  }
  const Instant now = clock_();
  for (const auto& [socket, connection] : connections_) connection->abandon(now);
  due_.clear();
  connections_.clear();
}

void Server::accept_all() {
  while (connections_.size() < options_.connections_max) {
    const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (socket < 0 && (errno == EINTR || errno == ECONNABORTED)) continue;
    if (socket < 0) return;
    const int on = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    auto connection = std::make_unique<Connection>(socket, answers_, options_.bounds);
    connection->armed = connection->interest();
    watch(socket, connection->armed, EPOLL_CTL_ADD);
    connections_.emplace(socket, std::move(connection));
  }
  watch(listener_, 0, EPOLL_CTL_MOD);
  accepting_ = false;
}

void Server::handle(int socket, std::uint32_t events) {
  const auto found = connections_.find(socket);
  if (found == connections_.end()) return;
  Connection& connection = *found->second;
  const Instant now = clock_();
  bool open = (events & (EPOLLERR | EPOLLHUP)) == 0;
  if (open && (events & EPOLLOUT) != 0) open = connection.on_writable(now);
  const bool reads = (connection.interest() & EPOLLIN) != 0;
  if (open && reads && (events & EPOLLIN) != 0) open = connection.on_readable(now);
  const bool only_waits = (connection.interest() & (EPOLLIN | EPOLLRDHUP)) == EPOLLRDHUP;
  if (only_waits && (events & EPOLLRDHUP) != 0) open = false;
  settle(connection, open, events);
}

// Brings epoll and the order of due times up to date, or ends the connection. What epoll watches for too much is only
// taken back when it fires: most answers come and go without a further system call.
void Server::settle(Connection& connection, bool open, std::uint32_t events) {
  const int socket = connection.socket();
  const auto due = open ? connection.due() : std::nullopt;
  if (due != connection.scheduled) {
    if (connection.scheduled) due_.erase({*connection.scheduled, socket});
    if (due) due_.insert({*due, socket});
    connection.scheduled = due;
  }
  if (!open) {
    connection.abandon(clock_());
    connections_.erase(socket);  // closing takes it out of epoll
    if (!std::exchange(accepting_, true)) watch(listener_, EPOLLIN, EPOLL_CTL_MOD);
    return;
  }
  const std::uint32_t wanted = connection.interest();
  if ((wanted & ~connection.armed) == 0 && (events & connection.armed & ~wanted) == 0) return;
  watch(socket, wanted, EPOLL_CTL_MOD);
  connection.armed = wanted;
}

void Server::serve_due() {
  const Instant now = clock_();
  while (!due_.empty() && due_.begin()->first <= now) {
    Connection& connection = *connections_.at(due_.begin()->second);
    settle(connection, connection.on_due(now), 0);
  }
}

void Server::arm_timer() {
  const Instant next = due_.empty() ? Instant(0) : due_.begin()->first;
  if (next == timer_set_for_ && next > clock_()) return;
  if (next == Instant(0) && timer_set_for_ == Instant(0)) return;
  const Span in = next == Instant(0) ? Span(0) : std::max(Span(1), next - clock_());
  itimerspec setting{};
  setting.it_value.tv_sec = in.count() / 1'000'000'000;
  setting.it_value.tv_nsec = in.count() % 1'000'000'000;
  if (::timerfd_settime(timer_, 0, &setting, nullptr) != 0) fail("timerfd_settime");
  timer_set_for_ = next;
}

}  // namespace simulator
