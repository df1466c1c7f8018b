// A server on two pipes, and the client's end of them.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

#include "mcp/stdio.h"
#include "tests/mcp/fake_host.h"
#include "tests/wire/record.h"

namespace weir::fakes {

class StdioSession {
 public:
  explicit StdioSession(FakeHost& host, mcp::StdioOptions options = {})
      : server_(host.dispatcher, connect(options)), thread_([this] { server_.run(); }) {}
  ~StdioSession() {
    server_.stop();
    if (thread_.joinable()) thread_.join();
    for (int* fd : {&to_server_[0], &to_server_[1], &from_server_[0], &from_server_[1]}) shut(*fd);
    record(conversation_);
  }

  void write_bytes(std::string_view bytes) {
    conversation_.asked += bytes;
    while (!bytes.empty()) {
      const auto n = write(to_server_[1], bytes.data(), bytes.size());
      if (n <= 0) throw std::runtime_error("the server's input is gone");
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
  }
  // False when the pipe is full and stays so for `patience_ms`.
  bool try_write(std::string_view bytes, int patience_ms) {
    fcntl(to_server_[1], F_SETFL, O_NONBLOCK);
    pollfd writable{to_server_[1], POLLOUT, 0};
    const bool written = poll(&writable, 1, patience_ms) == 1 &&
                         write(to_server_[1], bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size());
    fcntl(to_server_[1], F_SETFL, 0);
    if (written) conversation_.asked += bytes;
    return written;
  }
  void say(const mcp::Json& message) { write_bytes(message.dump() + "\n"); }
  // The next line; fails the test when none comes.
  std::string hear_line() {
    for (;;) {
      if (const auto end = heard_.find('\n'); end != heard_.npos) {
        auto line = heard_.substr(0, end);
        heard_.erase(0, end + 1);
        return line;
      }
      pollfd readable{from_server_[0], POLLIN, 0};
      if (poll(&readable, 1, 30'000) != 1) throw std::runtime_error("the server said nothing");
      char bytes[64 << 10];
      const auto n = read(from_server_[0], bytes, sizeof bytes);
      if (n <= 0) throw std::runtime_error("the server's output ended");
      heard_.append(bytes, static_cast<std::size_t>(n));
      conversation_.said.append(bytes, static_cast<std::size_t>(n));
    }
  }
  mcp::Json hear() { return mcp::Json::parse(hear_line()); }
  // Whatever was said before has been taken in when this returns; fails when something else is heard first.
  void fence() {
    say({{"jsonrpc", "2.0"}, {"id", "fence"}, {"method", "ping"}});
    if (const auto heard = hear(); heard["id"] != "fence") throw std::runtime_error("heard: " + heard.dump());
  }
  void end_input() { shut(to_server_[1]); }
  void close_output() { shut(from_server_[0]); }
  void stop() { server_.stop(); }
  void join() { thread_.join(); }
  // After join(): all that is left of the output.
  std::string rest() {
    shut(from_server_[1]);
    char bytes[64 << 10];
    for (ssize_t n; (n = read(from_server_[0], bytes, sizeof bytes)) > 0;) {
      heard_.append(bytes, static_cast<std::size_t>(n));
      conversation_.said.append(bytes, static_cast<std::size_t>(n));
    }
    return heard_;
  }

 private:
  static void shut(int& fd) {
    if (fd >= 0) close(fd);
    fd = -1;
  }
  mcp::StdioOptions connect(mcp::StdioOptions options) {
    if (pipe2(to_server_, O_CLOEXEC) != 0 || pipe2(from_server_, O_CLOEXEC) != 0) throw std::runtime_error("no pipes");
    options.input = to_server_[0];
    options.output = from_server_[1];
    return options;
  }

  int to_server_[2] = {-1, -1}, from_server_[2] = {-1, -1};
  std::string heard_;
  Conversation conversation_{.stdio = true};
  mcp::Stdio server_;
  std::thread thread_;
};

}  // namespace weir::fakes
