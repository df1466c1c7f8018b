// The quota of one model, kept exactly: requests and tokens per minute, requests per day, and finer slices of a minute.
// Shapes:  bucket    a continuous token bucket that holds one minute's worth and refills at limit / 60 s;
//          rolling   a log: what was taken in any 60 s, ending now, never exceeds the limit;
//          unlimited everything fits.
// Tokens:  of three kinds, of which a provider counts its own: all of them at admission (OpenAI); input at admission
// and
//          output as it is produced (Anthropic); input alone (Gemini).
// Slices:  with a slice of 1 s a limit of 600 a minute lets 10 through at once and no more, as the real ones do. More
//          tokens at once than a slice holds need a full slice, and leave it in debt.
// Units:   requests or tokens, whole; time is an Instant, nanoseconds on a monotonic clock that the caller reads.
// Exact:   the advertised wait is the first nanosecond at which the same request fits, if nothing else happens.
// Bounds:  1 <= limit <= kLimitMax. A rolling log holds at most one entry per admitted request of the last minute, and
//          per piece of output.
// Threads: values; the caller locks. `now` never goes back.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <variant>

namespace simulator {

using Instant = std::chrono::nanoseconds;  // since some fixed moment
using Span = std::chrono::nanoseconds;

inline constexpr Span kMinute = std::chrono::seconds(60);
inline constexpr Span kDay = std::chrono::hours(24);
inline constexpr std::int64_t kLimitMax = 1'000'000'000;

enum class Shape { bucket, rolling, unlimited };

// The level is counted in 60,000,000,000ths of a unit: then a limit of L per minute refills exactly L of them per ns.
__extension__ typedef __int128 Fine;

class Bucket {
 public:
  explicit Bucket(std::int64_t limit) : Bucket(limit, limit) {}
  Bucket(std::int64_t limit, std::int64_t capacity);  // refills `limit` a minute, holds `capacity` at most

  Span wait(std::int64_t amount, Instant now) const;  // zero: it fits now. amount <= capacity, or it never would
  void take(std::int64_t amount, Instant now);        // may go below zero: that is debt
  void give_back(std::int64_t amount, Instant now);   // never above the capacity; a negative amount takes more
  std::int64_t remaining(Instant now) const;          // whole units, never negative
  Span until_full(Instant now) const;
  std::int64_t capacity() const { return capacity_; }

 private:
  Fine level_at(Instant now) const;

  std::int64_t limit_;
  std::int64_t capacity_;
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
  std::optional<std::int64_t> input_tpm{};   // none: as tpm
  std::optional<std::int64_t> output_tpm{};  // none: as tpm
  std::optional<std::int64_t> rpd{};         // none: as many as the minutes allow
  Span slice{0};                             // zero: nothing finer than the minute
};

enum class Dimension { requests, tokens, input_tokens, output_tokens, daily_requests };
inline constexpr std::size_t kDimensions = 5;

struct Charge {
  std::int64_t tokens = 0;
  std::int64_t input_tokens = 0;
  bool output = false;  // output counts, as it is produced: to be admitted, there must be some left
};

struct Admission {
  Charge charge;
  Rolling::Entry tokens_entry = 0;  // of the logs, in the rolling shape
  Rolling::Entry input_entry = 0;
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
  // `day_ends`: when the day's requests start anew for the first time.
  explicit Quota(Limits limits, Instant day_ends = kDay);

  // Takes one request and its tokens, or refuses. A request refused for its tokens has still cost one request, as at
  // the real providers; one refused for requests costs nothing more.
  std::variant<Admission, Refusal> admit(Charge charge, Instant now);
  void correct(const Admission& admission, Charge actual, Instant now);
  void produce(std::int64_t output_tokens, Instant now);

  // What others on the account use: never more than is left. Returns what they got.
  std::int64_t take_for_others(Dimension dimension, std::int64_t amount, Instant now);

  bool limited() const { return limits_.shape != Shape::unlimited; }
  const Limits& limits() const { return limits_; }
  std::int64_t limit_of(Dimension dimension) const;  // zero: none
  Standing standing(Dimension dimension, Instant now);

 private:
  using Meter = std::variant<std::monostate, Bucket, Rolling>;
  struct Gauge {
    std::int64_t limit = 0;
    Meter minute{};
    std::optional<Bucket> slice{};

    Span wait(std::int64_t amount, Instant now);
    Rolling::Entry take(std::int64_t amount, Instant now);
  };
  Gauge gauge(Dimension dimension) const;
  Gauge& at(Dimension dimension) { return gauges_[static_cast<std::size_t>(dimension)]; }
  Span wait_for_tokens(const Charge& charge, Instant now);
  void turn_the_day(Instant now);

  Limits limits_;
  std::array<Gauge, 4> gauges_;  // of the minute, by dimension
  Instant day_ends_;
  std::int64_t today_ = 0;  // requests
};

}  // namespace simulator
