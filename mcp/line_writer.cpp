#include "mcp/line_writer.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

namespace weir::mcp {

Wake::Wake() : fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (fd_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
}

Wake::~Wake() { close(fd_); }

void Wake::raise() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto n = write(fd_, &one, sizeof one);  // a full counter is raised already
}

void Wake::clear() {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto n = read(fd_, &count, sizeof count);
}

LineWriter::LineWriter(int fd, std::int64_t bytes_max, std::function<void()> changed)
    : fd_(fd),
      bytes_max_(static_cast<std::size_t>(bytes_max)),
      changed_(std::move(changed)),
      thread_([this] { write_on(); }) {}

LineWriter::~LineWriter() { finish(std::chrono::milliseconds(0)); }

bool LineWriter::put(std::string_view line) {
  {
    const std::lock_guard lock(mu_);
    if (gone_ || finishing_) return false;
    queued_ += line;
    queued_ += '\n';
    waiting_bytes_ += line.size() + 1;
  }
  wake_.raise();
  return true;
}

bool LineWriter::full() const {
  const std::lock_guard lock(mu_);
  return waiting_bytes_ > bytes_max_ && !gone_;
}

bool LineWriter::gone() const {
  const std::lock_guard lock(mu_);
  return gone_;
}

void LineWriter::finish(std::chrono::milliseconds patience) {
  {
    const std::lock_guard lock(mu_);
    finishing_ = true;
    patience_ms_ = static_cast<int>(patience.count());
  }
  wake_.raise();
  if (thread_.joinable()) thread_.join();
}

// Writes at most PIPE_BUF bytes: after POLLOUT that much never blocks, so that the descriptor, which others may share,
// need not be made non-blocking. False when the pipe is gone.
bool LineWriter::write_some() {
  constexpr std::size_t kChunkBytes = 4096;
  const auto n = write(fd_, writing_.data() + written_, std::min(writing_.size() - written_, kChunkBytes));
  if (n < 0) return errno == EINTR || errno == EAGAIN;
  written_ += static_cast<std::size_t>(n);
  bool was_full = false;
  {
    const std::lock_guard lock(mu_);
    was_full = waiting_bytes_ > bytes_max_;
    waiting_bytes_ -= static_cast<std::size_t>(n);
    was_full = was_full && waiting_bytes_ <= bytes_max_;
  }
  if (was_full) changed_();
  return true;
}

void LineWriter::write_on() {
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
  for (;;) {
    int timeout_ms = -1;
    if (written_ == writing_.size()) {
      const std::lock_guard lock(mu_);
      writing_ = std::exchange(queued_, {});
      written_ = 0;
      if (finishing_ && writing_.empty()) return;
    }
    {
      const std::lock_guard lock(mu_);
      if (finishing_) timeout_ms = patience_ms_;
    }
    const short interest = written_ < writing_.size() ? POLLOUT : 0;
    pollfd fds[2] = {{fd_, interest, 0}, {wake_.fd(), POLLIN, 0}};
    const int ready = poll(fds, 2, timeout_ms);
    if (ready < 0 && errno == EINTR) continue;
    if (ready > 0 && fds[1].revents != 0) wake_.clear();
    const bool broken = (fds[0].revents & (POLLERR | POLLHUP | POLLNVAL)) != 0;
    const bool writable = !broken && (fds[0].revents & POLLOUT) != 0;
    if (ready > 0 && !broken && (!writable || write_some())) continue;
    {
      const std::lock_guard lock(mu_);
      gone_ = true;
      queued_.clear();
    }
    changed_();
    return;
  }
}

}  // namespace weir::mcp
