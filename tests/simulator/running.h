// The real weir-simulator as a child process, and a raw connection to it. Nothing here waits but for the other side.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace simulator {

class Running {
 public:
  explicit Running(std::vector<std::string> arguments);  // returns when it says that it listens, or has ended
  ~Running();
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  int stop(int signal);                              // sends the signal; the exit code, or -1 when it died of one
  int wait();                                        // the exit code
  std::uint16_t port() const { return port_; }       // 0: it did not start
  const std::string& said() const { return said_; }  // on standard error, up to "listening on ..."

 private:
  pid_t pid_ = -1;
  int stderr_ = -1;
  std::uint16_t port_ = 0;
  std::string said_;
};

class Wire {
 public:
  explicit Wire(std::uint16_t port);
  ~Wire();
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  void send(std::string_view bytes);
  std::string read_all();  // until the other side closes
  std::string response();  // one response with a Content-Length

 private:
  bool more();
  int socket_;
  std::string buffer_;
};

std::string post(std::string_view body, std::string_view more_headers = "");  // the bytes of a chat request
std::string get(std::string_view path);
std::string ask(std::uint16_t port, std::string_view request);  // one request on a connection of its own

}  // namespace simulator
