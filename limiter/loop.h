// A Loop is time and turn-taking: what is due runs, one thing after another, on the loop's one thread. Everything of
// the core (gate, flights, upstream I/O) lives on it, so it needs no lock; and because time is passed in, a fake loop
// can run an hour in a second. Nothing else reads a clock, and nothing sleeps.
// Shape:   Instant is a point on the loop's monotonic clock; its zero means nothing.
// Units:   nanoseconds. A timer never fires before its instant.
// Errors:  none.
// Threads: now(), wall() and post() may be called from any thread; everything else only on the loop's thread. A Timer
//          is destroyed there.
// Owner:   the caller owns the Timer; destroying or cancelling it means that its function will not run.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <utility>

namespace weir {

using Duration = std::chrono::nanoseconds;

// A clock without now(): only a Loop can tell the time.
struct LoopClock {
  using duration = Duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<LoopClock, duration>;
  static constexpr bool is_steady = true;
};
using Instant = LoopClock::time_point;
using WallTime = std::chrono::sys_time<Duration>;

class Loop;

class Timer {
 public:
  Timer() = default;
  Timer(Loop& loop, std::uint64_t id) : loop_(&loop), id_(id) {}
  Timer(Timer&& other) noexcept : loop_(std::exchange(other.loop_, nullptr)), id_(other.id_) {}
  Timer& operator=(Timer&& other) noexcept {
    if (this != &other) {
      cancel();
      loop_ = std::exchange(other.loop_, nullptr);
      id_ = other.id_;
    }
    return *this;
  }
  ~Timer() { cancel(); }
  inline void cancel() noexcept;

 private:
  Loop* loop_ = nullptr;
  std::uint64_t id_ = 0;
};

class Loop {
 public:
  virtual ~Loop() = default;
  virtual Instant now() const = 0;
  // The calendar's time, which can jump: for what leaves the process (expiries, dates), never for waiting.
  virtual WallTime wall() const = 0;
  // Runs `fn` once, at `when` or as soon after it as the loop is free; at once (but never inside this call) if it is
  // past. Functions due at the same instant run in the order in which they were asked for.
  [[nodiscard]] virtual Timer at(Instant when, std::function<void()> fn) = 0;
  // Runs `fn` on the loop's thread, after what is running now. From one thread, in the order of the calls.
  virtual void post(std::function<void()> fn) = 0;

 private:
  friend class Timer;
  virtual void cancel_timer(std::uint64_t id) noexcept = 0;  // unknown or fired ids are ignored
};

inline void Timer::cancel() noexcept {
  if (loop_ != nullptr) std::exchange(loop_, nullptr)->cancel_timer(id_);
}

}  // namespace weir
