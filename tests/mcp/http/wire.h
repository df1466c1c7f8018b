// A client that sends bytes as they are and reads what comes, with a deadline on everything. Failures are Catch2
// failures.
// Threads: one.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mcp/http/server.h"

namespace weir::mcp {

struct Answer {
  int status = 0;
  Headers headers;  // names lower case
  std::string body;
  std::string header(std::string_view name) const;  // empty when absent
};

class Wire {
 public:
  explicit Wire(int port, const std::string& host = "127.0.0.1", int receive_buffer_bytes = 0);
  ~Wire();
  Wire(Wire&& other) noexcept : fd_(std::exchange(other.fd_, -1)), got_(std::move(other.got_)) {}
  Wire(const Wire&) = delete;

  void send(std::string_view bytes);    // all of it; a peer that closed meanwhile is not a failure
  Answer answer(bool to_head = false);  // the next one
  std::string line();                   // up to and without CRLF
  std::string exactly(std::size_t bytes);
  std::string chunk();         // of a chunked stream; empty is the end
  std::string until_closed();  // everything up to the end or a reset
  bool readable_within(std::chrono::milliseconds longest);
  void half_close();
  void close();
  int fd() const { return fd_; }

 private:
  bool receive();  // false: the peer has closed
  int fd_ = -1;
  std::string got_;
};

std::string get(std::string_view target, std::string_view more_headers = "");
std::string post(std::string_view target, std::string_view body, std::string_view more_headers = "");

// A server on a free port with the routes that most tests need: /echo answers its body, /head what it was asked
// (method, target, then the headers), each at once.
class TestServer {
 public:
  explicit TestServer(HttpOptions options = {});
  HttpServer& operator*() { return server_; }
  HttpServer* operator->() { return &server_; }
  int start();  // after further routes

 private:
  HttpServer server_;
};

// A route that keeps what it gets, for the test to answer.
class Kept {
 public:
  Handler handler();
  std::shared_ptr<Exchange> next();  // waits for it
  std::size_t size();

 private:
  std::mutex mu_;
  std::condition_variable come_;
  std::deque<std::shared_ptr<Exchange>> exchanges_;
};

// Waits for `done` to hold while the server's own threads work; fails when that takes too long. For states that no
// socket tells.
void await(const std::function<bool()>& done);

}  // namespace weir::mcp
