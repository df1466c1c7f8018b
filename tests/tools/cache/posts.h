// A fake loop that another thread may post to: what comes from there waits until the test takes it in.
#pragma once

#include <catch2/catch.hpp>
#include <condition_variable>
#include <deque>
#include <mutex>

#include "tests/fakes/fake_loop.h"

namespace weir::fakes {

class Posts final : public Loop {
 public:
  explicit Posts(FakeLoop& loop) : loop_(loop) {}
  Instant now() const override { return loop_.now(); }
  WallTime wall() const override { return loop_.wall(); }
  Timer at(Instant when, std::function<void()> fn) override { return loop_.at(when, std::move(fn)); }
  void post(std::function<void()> fn) override {
    const std::lock_guard lock(mu_);
    posted_.push_back(std::move(fn));
    came_.notify_one();
  }
  // Waits for so many, and lets the loop run them, without moving time.
  void take_in(std::size_t count = 1) {
    for (; count > 0; --count) {
      std::unique_lock lock(mu_);
      const bool came = came_.wait_for(lock, std::chrono::seconds(60), [this] { return !posted_.empty(); });
      REQUIRE(came);
      loop_.post(std::move(posted_.front()));
      posted_.pop_front();
    }
    loop_.run_until(loop_.now());
  }

 private:
  void cancel_timer(std::uint64_t) noexcept override {}  // the timers are the other's
  FakeLoop& loop_;
  std::mutex mu_;
  std::condition_variable came_;
  std::deque<std::function<void()>> posted_;
};

}  // namespace weir::fakes
