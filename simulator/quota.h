// The quota of one model: requests per minute and tokens per minute, kept exactly.
// Shapes:  bucket    a continuous token bucket that holds one minute's worth and refills at limit / 60 s;
//          rolling   a log: what was taken in any 60 s, ending now, never exceeds the limit;
//          unlimited everything fits.
// Units:   requests or tokens, whole; time is an Instant, nanoseconds on a monotonic clock that the caller reads.
// Exact:   the advertised wait is the first nanosecond at which the same request fits, if nothing else happens.
// Bounds:  1 <= limit <= kLimitMax. A rolling log holds at most one entry per admitted request of the last minute.
// Threads: values; the caller locks. `now` never goes back.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <variant>

namespace simulator {

using Instant = std::chrono::nanoseconds;  // since some fixed moment
using Span = std::chrono::nanoseconds;

inline constexpr Span kMinute = std::chrono::seconds(60);
inline constexpr std::int64_t kLimitMax = 1'000'000'000;

enum class Shape { bucket, rolling, unlimited };

// The level is counted in 60,000,000,000ths of a unit: then a limit of L per minute refills exactly L of them per ns.
__extension__ typedef __int128 Fine;

class Bucket {
 public:
  explicit Bucket(std::int64_t limit);

  Span wait(std::int64_t amount, Instant now) const;  // zero: it fits now. amount <= limit, or it never would
  void take(std::int64_t amount, Instant now);        // may go below zero: that is debt
  void give_back(std::int64_t amount, Instant now);   // never above the limit; a negative amount takes more
  std::int64_t remaining(Instant now) const;          // whole units, never negative
  Span until_full(Instant now) const;

 private:
  Fine level_at(Instant now) const;

  std::int64_t limit_;
  Fine level_;
  Instant at_{0};
};

class Rolling {
 public:
  explicit Rolling(std::int64_t limit);

  using Entry = std::uint64_t;  // names one take, so that it can be corrected in place

  Span wait(std::int64_t amount, Instant now);
  Entry take(std::int64_t amount, Instant now);
  void correct(Entry entry, std::int64_t actual,
               Instant now);  // at the instant of the take; no effect once that is old
  std::int64_t remaining(Instant now);
  Span until_full(Instant now);

 private:
  struct Taken {
    Instant at;
    std::int64_t amount;
  };
  void forget_before(Instant now);

  std::int64_t limit_;
  std::int64_t sum_ = 0;
  Entry first_ = 0;  // the name of log_.front()
  std::deque<Taken> log_;
};

struct Limits {
  Shape shape = Shape::bucket;
  std::int64_t rpm = 500;
  std::int64_t tpm = 200'000;
};

enum class Dimension { requests, tokens };

struct Admission {
  std::int64_t tokens = 0;       // as charged
  Rolling::Entry log_entry = 0;  // of the token log, in the rolling shape
};

struct Refusal {
  Dimension dimension;
  std::int64_t limit;
  std::int64_t used;
  std::int64_t requested;
  std::optional<Span> wait;  // none: larger than the limit itself, no wait will help
};

struct Standing {
  std::int64_t limit = 0;
  std::int64_t remaining = 0;
  Span until_full{0};
};

class Quota {
 public:
  explicit Quota(Limits limits);

  // Takes one request and `tokens`, or refuses. A request refused for its tokens has still cost one request, as at the
  // real providers; one refused for requests costs nothing more.
  std::variant<Admission, Refusal> admit(std::int64_t tokens, Instant now);
  void correct(const Admission& admission, std::int64_t actual_tokens, Instant now);

  bool limited() const { return limits_.shape != Shape::unlimited; }
  const Limits& limits() const { return limits_; }
  Standing requests(Instant now);
  Standing tokens(Instant now);

 private:
  using Meter = std::variant<std::monostate, Bucket, Rolling>;
  static Meter meter(Shape shape, std::int64_t limit);

  Limits limits_;
  Meter requests_;
  Meter tokens_;
};

}  // namespace simulator
