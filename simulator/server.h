// The simulator on a loopback port: one thread, one epoll, a timer for what is due next. It holds thousands of slow
// requests as cheaply as idle connections, so that it measures the server in front of it and not itself.
// Errors:  std::runtime_error when it cannot listen, saying where and why.
// Bounds:  connections_max open connections; more wait in the listen queue.
// Threads: run() on one; nothing else may be called meanwhile.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "simulator/connection.h"

namespace simulator {

class Server {
 public:
  struct Options {
    std::string host = "127.0.0.1";
    std::uint16_t port = 0;  // 0: a free one
    std::size_t connections_max = 10'000;
    http::Bounds bounds{};
  };
  using Clock = std::function<Instant()>;  // monotonic

  // Listens already when it is made. `stop_signals`: a descriptor that becomes readable when run() is to return.
  Server(Options options, Connection::Answers answers, Clock clock, int stop_signals);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  std::uint16_t port() const { return port_; }
  void run();

 private:
  void listen_on(const Options& options);
  void accept_all();
  void handle(int socket, std::uint32_t events);
  void settle(Connection& connection, bool open, std::uint32_t events);
  void serve_due();
  void arm_timer();
  void watch(int descriptor, std::uint32_t events, int operation);

  Options options_;
  Connection::Answers answers_;
  Clock clock_;
  int stop_signals_;
  int listener_ = -1;
  int epoll_ = -1;
  int timer_ = -1;
  std::uint16_t port_ = 0;
  bool accepting_ = true;
  std::map<int, std::unique_ptr<Connection>> connections_;
  std::set<std::pair<Instant, int>> due_;
  Instant timer_set_for_{0};  // zero: not set
};

}  // namespace simulator
