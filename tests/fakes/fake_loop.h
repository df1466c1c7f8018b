// A loop whose time is a number: run() steps from one due function to the next, without waiting. Everything runs on the
// caller.
#pragma once

#include <deque>
#include <map>

#include "limiter/loop.h"

namespace weir::fakes {

class FakeLoop final : public Loop {
 public:
  Instant now() const override { return now_; }
  WallTime wall() const override { return wall_at_zero + now_.time_since_epoch(); }
  WallTime wall_at_zero{std::chrono::seconds(1'800'000'000)};  // January 2027
  Timer at(Instant when, std::function<void()> fn) override {
    const auto id = ++last_id_;
    timers_.emplace(std::pair{when, id}, std::move(fn));
    when_.emplace(id, when);
    return Timer(*this, id);
  }
  void post(std::function<void()> fn) override { posted_.push_back(std::move(fn)); }

  // Runs the next thing that is due until `until` (moving time to it); false when there is none.
  bool step(Instant until) {
    if (!posted_.empty()) {
      auto fn = std::move(posted_.front());
      posted_.pop_front();
      fn();
      return true;
    }
    if (timers_.empty() || timers_.begin()->first.first > until) return false;
    auto node = timers_.extract(timers_.begin());
    when_.erase(node.key().second);
    if (node.key().first > now_) now_ = node.key().first;
    node.mapped()();
    return true;
  }
  // Runs all that is due up to `until`, and stands there afterwards.
  void run_until(Instant until) {
    while (step(until)) {
    }
    if (until > now_) now_ = until;
  }
  void run_for(Duration span) { run_until(now_ + span); }
  void run_all() {
    while (step(Instant::max())) {
    }
  }
  std::size_t timers() const { return timers_.size(); }
  std::uint64_t timers_ever() const { return last_id_; }

 private:
  void cancel_timer(std::uint64_t id) noexcept override {
    const auto found = when_.find(id);
    if (found == when_.end()) return;
    timers_.erase({found->second, id});
    when_.erase(found);
  }
  Instant now_{std::chrono::hours(1)};
  std::uint64_t last_id_ = 0;
  std::map<std::pair<Instant, std::uint64_t>, std::function<void()>> timers_;
  std::map<std::uint64_t, Instant> when_;
  std::deque<std::function<void()>> posted_;
};

}  // namespace weir::fakes
