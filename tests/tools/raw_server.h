// A server on a loopback port that a test scripts byte by byte: each connection gets a thread that runs the script.
// Threads: the script runs on threads of the server; accepts() may be asked from any. The destructor closes all and joins.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace weir::fakes {

class RawConnection {
 public:
  explicit RawConnection(int fd) : fd_(fd) {}
  // One whole request (by Content-Length), or nothing when the peer is gone.
  std::optional<std::string> read_request();
  void write(const std::string& bytes);
  // Blocks until the peer closes; false if more bytes came instead.
  bool wait_for_close();
  // Ends the connection with RST instead of FIN.
  void reset_on_close();
  int fd() const { return fd_; }

 private:
  int fd_;
  std::string buffer_;
};

class RawServer {
 public:
  using Script = std::function<void(RawConnection&, int nth_connection)>;  // counted from 0
  explicit RawServer(Script script);
  ~RawServer();
  int port() const { return port_; }
  std::string url(const std::string& path = "/v1") const;
  int accepts() const { return accepts_; }

 private:
  void accept_all();
  Script script_;
  int port_ = 0;
  int listener_ = -1;
  std::atomic<int> accepts_{0};
  std::mutex mu_;  // guards all below
  bool closing_ = false;
  std::vector<int> open_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

// A port on which nobody listens.
int closed_port();
// An answer with this body, keeping the connection.
std::string ok_response(const std::string& body);

}  // namespace weir::fakes
