#include "bench/replay/peers.h"

#include <algorithm>
#include <map>

namespace bench::replay {
namespace {

using namespace std::chrono_literals;

std::int64_t estimate(const Call& call) { return call.input_bytes / 4 + kOutputCap; }

// Envoy AI Gateway with envoyproxy/ratelimit, agentgateway's default, LiteLLM's older path: a fixed window of the
// clock's minutes; who comes while its count is below the limit goes, and is counted when its answer is there. Kinder:
// a refused call is not counted, and the window of the answer is charged, not the one of the next call.
class PostCount final : public Limiter {
 public:
  Answer ask(const Call&, Instant now) override {
    turn(now);
    return counted_ < kTokensPerMinute ? Answer::go : Answer::later;
  }
  void answered(const Call& call, const std::optional<Headers>&, Instant now) override {
    turn(now);
    counted_ += call.actual();
  }
  std::optional<Instant> refused(const Call&, const Verdict&, Instant) override { return std::nullopt; }

 private:
  void turn(Instant now) {
    const auto window = now.time_since_epoch() / Duration(1min);
    if (window != window_) counted_ = 0;
    window_ = window;
  }
  std::int64_t window_ = -1, counted_ = 0;
};

// LiteLLM v3: reserves characters / 4 + max_tokens in a fixed window that is anchored at its first hit and told in
// whole seconds; the correction is skipped when the window has turned since. Kinder: a check that fails counts nothing;
// a refused call's reservation is returned by the same rule.
class WindowReserve final : public Limiter {
 public:
  Answer ask(const Call& call, Instant now) override {
    const auto second = now.time_since_epoch() / Duration(1s);
    if (!open_ || second - opened_ >= 60) {
      open_ = true;
      opened_ = second;
      counted_ = 0;
    }
    if (counted_ + estimate(call) > kTokensPerMinute) return Answer::later;
    counted_ += estimate(call);
    reserved_in_[call.caller] = opened_;
    return Answer::go;
  }
  void answered(const Call& call, const std::optional<Headers>&, Instant) override { correct(call, call.actual()); }
  std::optional<Instant> refused(const Call& call, const Verdict&, Instant) override {
    correct(call, 0);
    return std::nullopt;
  }

 private:
  void correct(const Call& call, std::int64_t actual) {
    if (reserved_in_[call.caller] == opened_) counted_ += actual - estimate(call);
  }
  bool open_ = false;
  std::int64_t opened_ = 0, counted_ = 0;
  std::map<int, std::int64_t> reserved_in_;
};

// TensorZero: a bucket that refills in whole intervals only; reserves half of the characters + max_tokens, all or
// nothing. An overrun is taken by the same all or nothing, so a short balance forgives it; what is left over comes back
// to the balance of the moment, up to the capacity. Kinder: a refused call's tickets are returned.
class LumpRefill final : public Limiter {
 public:
  Answer ask(const Call& call, Instant now) override { return take(reserve(call), now) ? Answer::go : Answer::later; }
  void answered(const Call& call, const std::optional<Headers>&, Instant now) override {
    const std::int64_t over = call.actual() - reserve(call);
    if (over > 0)
      take(over, now);
    else
      give(-over, now);
  }
  std::optional<Instant> refused(const Call& call, const Verdict&, Instant now) override {
    give(reserve(call), now);
    return std::nullopt;
  }

 private:
  static std::int64_t reserve(const Call& call) { return call.input_bytes / 2 + kOutputCap; }
  void refill(Instant now) {
    if (!refilled_) refilled_ = now;
    const auto intervals = (now - *refilled_) / Duration(1min);
    balance_ = std::min(balance_ + intervals * kTokensPerMinute, kTokensPerMinute);
    *refilled_ += intervals * Duration(1min);
  }
  bool take(std::int64_t units, Instant now) {
    refill(now);
    if (units > balance_) return false;
    balance_ -= units;
    return true;
  }
  void give(std::int64_t units, Instant now) {
    refill(now);
    balance_ = std::min(balance_ + units, kTokensPerMinute);
  }
  std::optional<Instant> refilled_;
  std::int64_t balance_ = kTokensPerMinute;
};

// A full minute's bucket that starts full, charged with the estimate and never corrected. What comes back is held in
// whole tokens (fenic before its strategies) or in fractions (openai-cookbook).
// Kinder: whoever fits may go, where both have the first in their queue stand before all others.
class FullBucket : public Limiter {
 public:
  Answer ask(const Call& call, Instant now) override {
    refill(now);
    if (static_cast<double>(estimate(call)) > tokens_) return Answer::later;
    tokens_ -= static_cast<double>(estimate(call));
    return Answer::go;
  }
  void answered(const Call&, const std::optional<Headers>&, Instant) override {}

 protected:
  virtual double flowed_in(double tokens) const = 0;
  virtual Duration least() const { return Duration::zero(); }

 private:
  void refill(Instant now) {
    if (as_of_ && now - *as_of_ < least()) return;
    const std::chrono::duration<double> elapsed = as_of_ ? now - *as_of_ : Duration::zero();
    as_of_ = now;
    tokens_ = std::min(tokens_ + flowed_in(elapsed.count() * kTokensPerMinute / 60), 1.0 * kTokensPerMinute);
  }
  std::optional<Instant> as_of_;
  double tokens_ = kTokensPerMinute;
};

// Advances its clock by each look and drops the fraction of a token.
// Kinder: it looks once a millisecond, as its own loop does, and not as often as 256 callers ask.
class FlooredBucket final : public FullBucket {
 public:
  std::optional<Instant> refused(const Call&, const Verdict&, Instant) override { return std::nullopt; }

 private:
  double flowed_in(double tokens) const override { return static_cast<double>(static_cast<std::int64_t>(tokens)); }
  Duration least() const override { return 1ms; }
};

// Stops everything for 15 s after a 429.
// Kinder: it understands that it got one, which it does not when the code is spelled `rate_limit_exceeded`.
class CookbookBucket final : public FullBucket {
 public:
  Answer ask(const Call& call, Instant now) override {
    return now < paused_until_ ? Answer::later : FullBucket::ask(call, now);
  }
  std::optional<Instant> refused(const Call&, const Verdict&, Instant now) override {
    paused_until_ = now + 15s;
    return paused_until_;
  }

 private:
  double flowed_in(double tokens) const override { return tokens; }
  Instant paused_until_ = Instant::min();
};

template <typename L>
std::unique_ptr<Limiter> make() {
  return std::make_unique<L>();
}

}  // namespace

const std::vector<Peer>& peers() {
  static const std::vector<Peer> all{{"post-count", make<PostCount>},
                                     {"litellm-v3", make<WindowReserve>},
                                     {"tensorzero", make<LumpRefill>},
                                     {"fenic-old", make<FlooredBucket>},
                                     {"cookbook", make<CookbookBucket>}};
  return all;
}

}  // namespace bench::replay
