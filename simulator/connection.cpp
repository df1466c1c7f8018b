#include "simulator/connection.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace simulator {
namespace {

constexpr std::size_t kOutMax = 1'048'576;              // pipelined requests wait while more than this is unsent
constexpr Span kClosingTime = std::chrono::seconds(2);  // closing at once would reset what the client has not read yet

}  // namespace

Connection::Connection(int socket, const Answers& answers, http::Bounds bounds)
    : socket_(socket), answers_(answers), reader_(bounds) {}

Connection::~Connection() { ::close(socket_); }

// While an answer is due, a client that closes its side has left. While bytes are on their way out, it may have: it
// still reads.
std::uint32_t Connection::interest() const {
  if (current_) return (out_.empty() ? 0U : std::uint32_t{EPOLLOUT}) | std::uint32_t{EPOLLRDHUP};
  return out_.empty() ? std::uint32_t{EPOLLIN} | std::uint32_t{EPOLLRDHUP} : std::uint32_t{EPOLLOUT};
}

std::optional<Instant> Connection::due() const {
  if (closing_until_) return closing_until_;
  if (!current_ || current_->silent || next_ >= pieces_) return std::nullopt;
  const auto part = static_cast<std::int64_t>(next_) + 1;
  const auto parts = static_cast<std::int64_t>(std::max<std::size_t>(1, current_->flow.size()));
  return began_ + Span(current_->latency.count() / parts * part);
}

bool Connection::on_readable(Instant now) {
  std::array<char, 65536> bytes;
  const ssize_t got = ::recv(socket_, bytes.data(), bytes.size(), 0);
  if (got == 0) return false;
  if (got < 0) return errno == EAGAIN || errno == EINTR;
  if (closing_until_) return true;
  reader_.feed({bytes.data(), static_cast<std::size_t>(got)});
  return take_requests(now);
}

// Answers what can be answered at once, and stops at a request whose answer is not due yet.
bool Connection::take_requests(Instant now) {
  while (!current_ && keep_alive_ && out_.size() < kOutMax) {
    auto read = reader_.next();
    if (std::holds_alternative<http::Reader::NeedMore>(read)) {
      if (reader_.wants_continue()) out_ += "HTTP/1.1 100 Continue\r\n\r\n";
      break;
    }
    if (const auto* malformed = std::get_if<http::Malformed>(&read)) {
      begin(answers_.malformed(*malformed, now), false, true, now);
    } else {
      const auto& request = std::get<http::Request>(read);
      http::Response response = answers_.request(request, now);
      if (request.method == "HEAD") response.body.clear();
      begin(std::move(response), request.keep_alive, request.chunks_allowed, now);
    }
    queue_due(now);
  }
  return write_out(now);
}

void Connection::begin(http::Response response, bool keep_alive, bool chunks, Instant now) {
  const bool stream = !response.flow.empty();
  pieces_ = stream ? response.flow.size() : 1;
  if (stream && response.ending != http::Ending::whole) pieces_ = std::max<std::size_t>(1, pieces_ / 2);
  next_ = 0;
  chunked_ = stream && chunks;
  keep_alive_ = keep_alive && (!stream || chunks) && response.ending == http::Ending::whole;
  began_ = now;
  current_ = std::move(response);
}

void Connection::queue_due(Instant now) {
  while (const auto at = due()) {
    if (*at > now) return;
    const http::Response& response = *current_;
    const bool stream = !response.flow.empty();
    if (next_ == 0) {
      const auto length = stream ? std::nullopt : std::optional(response.body.size());
      out_ += http::head_of(response, keep_alive_, length, chunked_);
    }
    if (stream) {
      out_ += framed(response.flow[next_]);
    } else {
      const bool whole = response.ending == http::Ending::whole;
      out_.append(response.body, 0, whole ? std::string::npos : response.body.size() / 2);
    }
    ++next_;
    if (stream && response.progress) response.progress(next_, response.flow.size(), now);
    if (next_ < pieces_ || response.ending == http::Ending::stall) continue;
    resets_ = response.ending == http::Ending::reset;
    if (chunked_ && response.ending == http::Ending::whole) out_ += http::kLastChunk;
    finish(true, now);
  }
}

void Connection::finish(bool sent, Instant now) {
  const auto over = std::move(current_->over);
  current_.reset();
  if (over) over(sent, now);
}

bool Connection::on_due(Instant now) {
  if (closing_until_) return false;
  queue_due(now);
  return take_requests(now);
}

bool Connection::on_writable(Instant now) {
  return write_out(now) && (!out_.empty() || closing_until_ || take_requests(now));
}

bool Connection::write_out(Instant now) {
  while (out_at_ < out_.size()) {
    const ssize_t sent = ::send(socket_, out_.data() + out_at_, out_.size() - out_at_, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return errno == EAGAIN;
    out_at_ += static_cast<std::size_t>(sent);
  }
  out_.clear();
  out_at_ = 0;
  if (resets_ && !current_) {
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    return false;  // closing it now sends a reset
  }
  if (!keep_alive_ && !current_ && !closing_until_) {
    ::shutdown(socket_, SHUT_WR);
    closing_until_ = now + kClosingTime;
  }
  return true;
}

void Connection::abandon(Instant now) {
  if (current_) finish(false, now);
}

}  // namespace simulator
