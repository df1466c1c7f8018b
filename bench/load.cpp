#include "bench/load.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace bench {
namespace {

constexpr int kPatienceMs = 30'000;

[[noreturn]] void fail_errno(const std::string& what) { throw std::runtime_error(what + ": " + std::strerror(errno)); }

// The Content-Length of a head. All servers here send one with every answer that we ask for.
std::size_t body_length(std::string_view head) {
  constexpr std::string_view kName = "\r\ncontent-length:";
  for (std::size_t at = head.find("\r\n"); at != std::string_view::npos; at = head.find("\r\n", at + 2)) {
    if (head.size() - at < kName.size() || ::strncasecmp(head.data() + at, kName.data(), kName.size()) != 0) continue;
    const char* value = head.data() + at + kName.size();
    while (*value == ' ') ++value;
    std::size_t length = 0;
    std::from_chars(value, head.data() + head.size(), length);
    return length;
  }
  throw std::runtime_error("an answer without Content-Length: " + std::string(head));
}

bool in_chunks(std::string_view head) { return head.find("\r\nTransfer-Encoding: chunked\r\n") != head.npos; }

double us(Clock::duration span) { return std::chrono::duration<double, std::micro>(span).count(); }

}  // namespace

Connection::Connection(int port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), port_(port) {
  if (fd_ < 0) fail_errno("no socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int on = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    const int why = errno;
    ::close(fd_);
    errno = why;
    fail_errno("cannot connect to port " + std::to_string(port));
  }
}

Connection::Connection(Connection&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      port_(other.port_),
      input_(std::move(other.input_)),
      head_bytes_(other.head_bytes_),
      whole_bytes_(other.whole_bytes_) {}

Connection::~Connection() {
  if (fd_ >= 0) ::close(fd_);
}

void Connection::send(std::string_view bytes) {
  input_.clear();
  head_bytes_ = whole_bytes_ = 0;
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0) fail_errno("cannot send");
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

bool Connection::receive() {
  char buffer[16384];
  const ssize_t got = ::recv(fd_, buffer, sizeof buffer, MSG_DONTWAIT);
  if (got < 0 && errno == EAGAIN) return false;
  if (got < 0) fail_errno("cannot receive from port " + std::to_string(port_));
  if (got == 0) throw std::runtime_error("port " + std::to_string(port_) + " closed a connection after: " + input_);
  input_.append(buffer, static_cast<std::size_t>(got));
  if (head_bytes_ == 0) {
    const std::size_t end = input_.find("\r\n\r\n");
    if (end == std::string::npos) return false;
    head_bytes_ = end + 4;
    const auto head = std::string_view(input_).substr(0, end + 2);
    whole_bytes_ = in_chunks(head) ? 0 : head_bytes_ + body_length(head);
  }
  if (whole_bytes_ == 0) return input_.ends_with("\r\n0\r\n\r\n");
  if (input_.size() > whole_bytes_) throw std::runtime_error("more was answered than asked: " + input_);
  return input_.size() == whole_bytes_;
}

Answer Connection::answer() const {
  Answer answer;
  constexpr std::size_t kStatusAt = 9;  // "HTTP/1.1 200"
  if (input_.size() > kStatusAt + 3)
    std::from_chars(input_.data() + kStatusAt, input_.data() + kStatusAt + 3, answer.status);
  answer.body = input_.substr(head_bytes_);
  return answer;
}

bool Connection::says(const Question& question) const {
  return input_.starts_with("HTTP/1.1 200") && input_.find(question.expected, head_bytes_) != std::string::npos;
}

bool Connection::has_input() const {
  pollfd input{fd_, POLLIN, 0};
  return ::poll(&input, 1, 0) != 0;
}

std::string Connection::take() {
  char buffer[16384];
  const ssize_t got = ::recv(fd_, buffer, sizeof buffer, 0);
  if (got < 0) fail_errno("cannot receive from port " + std::to_string(port_));
  return {buffer, static_cast<std::size_t>(got)};
}

Load::Load(int port, Question question, int connections)
    : question_(std::move(question)), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  if (epoll_ < 0) fail_errno("no epoll");
  connections_.reserve(static_cast<std::size_t>(connections));
  asked_at_.resize(static_cast<std::size_t>(connections));
  for (std::uint32_t i = 0; i < asked_at_.size(); ++i) {
    const Connection& connection = connections_.emplace_back(port);
    epoll_event interest{.events = EPOLLIN, .data = {.u32 = i}};
    if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, connection.fd(), &interest) != 0) fail_errno("cannot watch a connection");
  }
}

Load::~Load() { ::close(epoll_); }

Outcome Load::run(Until until) {
  Outcome outcome;
  if (until.answers > 0) outcome.latencies_us.reserve(static_cast<std::size_t>(until.answers));
  const auto start = Clock::now();
  std::int64_t asked = 0, on_their_way = 0;
  const auto over = [&](Clock::time_point now) {
    return (until.answers > 0 && asked >= until.answers) || (until.time.count() > 0 && now - start >= until.time);
  };
  const auto ask_on = [&](std::size_t i) {
    asked_at_[i] = Clock::now();
    connections_[i].send(question_.bytes);
    ++asked, ++on_their_way;
  };
  for (std::size_t i = 0; i < connections_.size() && !over(start); ++i) ask_on(i);

  std::vector<epoll_event> events(std::min<std::size_t>(connections_.size(), 256));
  while (on_their_way > 0) {
    const int ready = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), kPatienceMs);
    if (ready < 0) fail_errno("cannot wait");
    if (ready == 0) throw std::runtime_error(std::to_string(on_their_way) + " questions unanswered for 30 s");
    for (int event = 0; event < ready; ++event) {
      const std::size_t i = events[static_cast<std::size_t>(event)].data.u32;
      Connection& connection = connections_[i];
      if (!connection.receive()) continue;
      const auto now = Clock::now();
      outcome.latencies_us.push_back(us(now - asked_at_[i]));
      if (!connection.says(question_) && ++outcome.wrong == 1)
        outcome.first_wrong = std::to_string(connection.answer().status) + " " + connection.answer().body;
      --on_their_way;
      if (!over(now)) ask_on(i);
    }
  }
  outcome.seconds = std::chrono::duration<double>(Clock::now() - start).count();
  return outcome;
}

Answer ask(int port, const Question& question) {
  Connection connection(port);
  connection.send(question.bytes);
  do {
    pollfd input{connection.fd(), POLLIN, 0};
    if (::poll(&input, 1, kPatienceMs) != 1) throw std::runtime_error("no answer within 30 s");
  } while (!connection.receive());
  return connection.answer();
}

}  // namespace bench
