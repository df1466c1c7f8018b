// The real loop: libuv. Timers are exact to the nanosecond that the kernel offers (one timerfd, armed for the
// earliest), not to libuv's milliseconds. Sockets are watched, not read: the watcher's owner does its own
// non-blocking I/O.
// Errors:  running out of file descriptors when the loop is made is fatal: it throws std::system_error from the
//          constructor.
// Threads: one thread calls run(); post(), now() and stop() may be called from any. Before run() and after it
//          returned, the thread that made the loop counts as its thread. What is posted after run() returned is
//          destroyed unrun.
#pragma once

#include <memory>
#include <string>

#include "config/result.h"
#include "limiter/loop.h"

namespace weir {

// What a watcher is told. `hangup` is the peer's close or half-close (EPOLLRDHUP), or an error on the socket.
struct Readiness {
  bool readable = false, writable = false, hangup = false;
};

// Interest in one file descriptor; level-triggered. Destroying it ends the interest (before the descriptor is closed).
class Watch {
 public:
  virtual ~Watch() = default;
  virtual void want(Readiness interest) = 0;  // replaces the interest; all false = told of nothing
};

// Interest in what happens to the files of one folder; destroying it ends that.
class FolderWatch {
 public:
  virtual ~FolderWatch() = default;
};

class UvLoop final : public Loop {
 public:
  UvLoop();
  ~UvLoop() override;
  UvLoop(const UvLoop&) = delete;
  UvLoop& operator=(const UvLoop&) = delete;

  Instant now() const override;
  WallTime wall() const override;
  [[nodiscard]] Timer at(Instant when, std::function<void()> fn) override;
  void post(std::function<void()> fn) override;

  // One watch per descriptor. `fn` runs on the loop's thread whenever something of the interest holds.
  [[nodiscard]] std::unique_ptr<Watch> watch(int fd, Readiness interest, std::function<void(Readiness)> fn);
  // `fn` runs on the loop's thread whenever something in the folder is made, written, renamed or removed. Errors: the
  // folder is not there, or the system watches too many already.
  [[nodiscard]] Result<std::unique_ptr<FolderWatch>> watch_folder(const std::string& path, std::function<void()> fn);
  // Calls `fn` on the loop's thread when the process gets this signal (SIGTERM, SIGINT, SIGHUP).
  void on_signal(int signal, std::function<void()> fn);

  void run();   // until stop()
  void stop();  // run() returns after what is running now

 private:
  void cancel_timer(std::uint64_t id) noexcept override;
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace weir
