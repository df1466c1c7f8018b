#include "running.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <stdexcept>

namespace simulator {

Running::Running(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), WEIR_SIMULATOR);
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("pipe");
  pid_ = ::fork();
  if (pid_ == 0) {
    ::dup2(ends[1], STDERR_FILENO);
    ::execv(argv[0], argv.data());
    ::_exit(127);
  }
  ::close(ends[1]);
  stderr_ = ends[0];
  char byte = 0;
  while (!(said_.starts_with("listening on ") && said_.ends_with('\n')) && ::read(stderr_, &byte, 1) == 1)
    said_ += byte;
  if (said_.starts_with("listening on "))
    port_ = static_cast<std::uint16_t>(std::stoi(said_.substr(said_.rfind(':') + 1)));
}

Running::~Running() {
  if (pid_ > 0) stop(SIGKILL);
  ::close(stderr_);
}

int Running::stop(int signal) {
  ::kill(pid_, signal);
  return wait();
}

int Running::wait() {
  int status = 0;
  ::waitpid(pid_, &status, 0);
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

Wire::Wire(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const void* any = &address;
  if (::connect(socket_, static_cast<const sockaddr*>(any), sizeof address) != 0) throw std::runtime_error("connect");
}

Wire::~Wire() { ::close(socket_); }

void Wire::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) throw std::runtime_error("send");
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

bool Wire::more() {
  char bytes[4096];
  const ssize_t got = ::recv(socket_, bytes, sizeof bytes, 0);
  if (got > 0) buffer_.append(bytes, static_cast<std::size_t>(got));
  return got > 0;
}

std::string Wire::read_all() {
  while (more()) {
  }
  return std::move(buffer_);
}

std::string Wire::response() {
  std::size_t head = std::string::npos;
  while ((head = buffer_.find("\r\n\r\n")) == std::string::npos) {
    if (!more()) return std::move(buffer_);
  }
  const std::size_t field = buffer_.find("content-length: ");
  if (field > head) return buffer_.substr(0, head);
  const std::size_t length = head + 4 + std::stoul(buffer_.substr(field + 16));
  while (buffer_.size() < length) {
    if (!more()) return std::move(buffer_);
  }
  std::string whole = buffer_.substr(0, length);
  buffer_.erase(0, length);
  return whole;
}

std::string post(std::string_view body, std::string_view more_headers) {
  return "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n" + std::string(more_headers) + "\r\n" + std::string(body);
}

std::string get(std::string_view path) { return "GET " + std::string(path) + " HTTP/1.1\r\nHost: localhost\r\n\r\n"; }

std::string ask(std::uint16_t port, std::string_view request) {
  Wire wire(port);
  wire.send(request);
  return wire.response();
}

}  // namespace simulator
