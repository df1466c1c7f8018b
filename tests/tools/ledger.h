// What the limits of one account should hold, by exact fractions and the table of LIMITS §4, written apart from the limiter. It is
// told only what happens on the wire: a request starts, a request ends this way.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "limiter/limit.h"

namespace weir::simulation {

__extension__ using Wide = __int128;

// A bucket in units times nanoseconds of the period, so that refilling needs no rounding.
class ExactBucket {
 public:
  explicit ExactBucket(const Limit& limit) : limit_(limit), level_(whole(limit.burst)) {}

  // Whether that many units were there; they are taken either way.
  bool take(std::int64_t units, Instant now) {
    refill(now);
    ++operations_;
    // A bucket whose charges are rounded up to nanoseconds may let a fraction of a unit pass early, never a whole one.
    const bool enough = level_ + whole(1) > whole(units);
    level_ -= whole(units);
    return enough;
  }
  void settle(std::int64_t charged, std::int64_t actual, Instant now) {
    refill(now);
    ++operations_;
    if (actual <= charged)
      level_ = std::min(level_ + whole(charged - actual), whole(limit_.burst));
    else
      level_ = std::min(level_, std::max(level_ - whole(actual - charged), -whole(limit_.debt)));
  }
  // Whether a bucket that has this many whole units is this one, but for rounding: a nanosecond by operation, and one by unit
  // of the burst, which is also how much deeper the floor under its debt lies; and up to a unit, because units are whole.
  bool agrees(std::int64_t level, Instant now) {
    refill(now);
    const Wide difference = level_ - whole(level), rounding = static_cast<Wide>(operations_ + limit_.burst) * limit_.amount;
    return -rounding <= difference && difference < whole(1) + rounding;
  }
  double level() const { return static_cast<double>(level_) / static_cast<double>(limit_.per.count()); }

 private:
  Wide whole(std::int64_t units) const { return static_cast<Wide>(units) * limit_.per.count(); }
  void refill(Instant now) {
    if (now <= at_) return;
    if (at_ != Instant::min())
      level_ = std::min(level_ + static_cast<Wide>((now - at_).count()) * limit_.amount, whole(limit_.burst));
    at_ = now;
  }
  Limit limit_;
  Wide level_;
  Instant at_ = Instant::min();
  std::int64_t operations_ = 0;
};

// What a request took, and what it should have cost in the end.
struct Claim {
  std::int64_t requests = 1, tokens = 0;
};

class Ledger {
 public:
  Ledger(const Limit& requests, const Limit& tokens) : requests_(requests), tokens_(tokens), request_limit_(requests) {}

  bool start(const Claim& reserved, Instant now) {
    const bool requests = requests_.take(reserved.requests, now);
    return tokens_.take(reserved.tokens, now) && requests;
  }
  void raise(std::int64_t reserved_tokens, std::int64_t raised_tokens, Instant now) {
    requests_.settle(1, 1, now);
    tokens_.settle(reserved_tokens, raised_tokens, now);
  }
  void end(const Claim& reserved, const Claim& actual, Instant started, Instant now) {
    requests_.settle(reserved.requests, actual.requests, now);
    tokens_.settle(reserved.tokens, actual.tokens, now);
    if (actual.requests > 0) kept_.push_back(started);
  }
  // The longest run of requests over every window: never more than burst + rate * time.
  bool within_rate() {
    std::sort(kept_.begin(), kept_.end());
    for (std::size_t i = 0; i < kept_.size(); ++i) {
      for (std::size_t j = i; j < kept_.size(); ++j) {
        const Wide allowed = static_cast<Wide>(request_limit_.burst + 1) * request_limit_.per.count() +
                             static_cast<Wide>((kept_[j] - kept_[i]).count()) * request_limit_.amount;
        if (static_cast<Wide>(j - i + 1) * request_limit_.per.count() > allowed) return false;
      }
    }
    return true;
  }
  ExactBucket& requests() { return requests_; }
  ExactBucket& tokens() { return tokens_; }

 private:
  ExactBucket requests_, tokens_;
  Limit request_limit_;
  std::vector<Instant> kept_;
};

}  // namespace weir::simulation
