// The one writer of a pipe: lines from any thread go out whole and in order, from a thread of its own, so that a reader
// who takes nothing stops nobody else.
// Invariant: put() never blocks. full() tells when more than bytes_max wait; who could produce without end must heed
//            it.
// Errors:  a pipe that nobody reads any more (EPIPE) is gone: what is queued is dropped, put() says false. No SIGPIPE.
// Threads: any; `changed` runs on the writer's thread, when the pipe is gone and when it is full no longer.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace weir::mcp {

// An eventfd: wakes a poll() from any thread.
class Wake {
 public:
  Wake();  // throws std::system_error when there are no more descriptors
  ~Wake();
  Wake(const Wake&) = delete;
  Wake& operator=(const Wake&) = delete;
  void raise();
  void clear();
  int fd() const { return fd_; }

 private:
  int fd_;
};

class LineWriter {
 public:
  LineWriter(int fd, std::int64_t bytes_max, std::function<void()> changed);
  ~LineWriter();  // finishes without patience

  bool put(std::string_view line);
  bool full() const;
  bool gone() const;
  // Writes what is queued, as long as the reader takes something within `patience`, and ends the thread. put() says
  // false from now on.
  void finish(std::chrono::milliseconds patience);

 private:
  void write_on();
  bool write_some();

  const int fd_;
  const std::size_t bytes_max_;
  const std::function<void()> changed_;
  Wake wake_;
  std::string writing_;  // the thread's own
  std::size_t written_ = 0;

  mutable std::mutex mu_;
  std::string queued_;
  std::size_t waiting_bytes_ = 0;  // queued and not yet written
  bool finishing_ = false, gone_ = false;
  int patience_ms_ = -1;

  std::thread thread_;
};

}  // namespace weir::mcp
