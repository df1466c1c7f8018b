// The words of LIMITS.md §1 as values: what is limited, what a call reserves, what it used, and the answer "not now".
// Shape:   Limit{name, unit, amount, per, burst, debt, shape, …}: `amount` units per `per`, at most `burst` at once,
//          never more than `debt` below zero. amount, burst >= 1; debt >= 0; at most one unit a nanosecond (amount <=
//          per in nanoseconds).
// Units:   requests or tokens, as `unit` says; time in nanoseconds.
// Threads: values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "limiter/loop.h"

namespace weir {

// What a limit counts of a call. Providers differ in it, so this is how a limit mirrors what its provider charges.
enum class Unit {
  requests,
  tokens,         // input and output together
  tokens_or_cap,  // the same, but no less than the cap on the answer that the provider was told, however short that is
  input_tokens,
  output_tokens,
};

// How a limit is kept.
enum class Shape {
  bucket,    // refills all the time; admits burst + amount in a first period
  rolling,   // never more than `amount` in any `per`, and never more than `burst` in any second (or `per`, if shorter)
  calendar,  // `amount` from one midnight of `zone` to the next; nothing comes back in between
};

struct Limit {
  std::string name;  // "rpm", "tpm", …; what a refusal names
  Unit unit = Unit::requests;
  std::int64_t amount = 1;
  Duration per = std::chrono::minutes(1);
  std::int64_t burst = 1;
  std::int64_t debt = 0;  // how far settling may push the level below zero
  Shape shape = Shape::bucket;
  std::string zone{};  // calendar: an IANA name, or "UTC"
  // What may be taken at once for now, when the provider was seen to count in finer slices; a larger call waits until
  // the bucket is full. 0 = burst.
  std::int64_t at_once = 0;
  // Acceleration: what is taken in 10 s may exceed what was taken in the 10 s before by this percentage of what the
  // limit allows in 10 s. 0 = free.
  int growth = 0;
  bool operator==(const Limit&) const = default;
};

// What one call is expected to use, at most; reserved at admission. Tokens; >= 0.
struct Estimate {
  std::int64_t input_tokens = 0;
  std::int64_t output_tokens = 0;
  std::int64_t output_cap = 0;  // what the provider is told as the most that the answer may have; 0 = nothing
  bool operator==(const Estimate&) const = default;
};

// What one call used, as far as it is known, as its limits count it: what a provider does not count (cached input, say)
// is left out. Exact replaces the estimate; AtLeast may charge more but never refunds.
struct Exact {
  std::int64_t input_tokens = 0, output_tokens = 0;
  bool operator==(const Exact&) const = default;
};
struct AtLeast {
  std::int64_t input_tokens = 0, output_tokens = 0;
  bool operator==(const AtLeast&) const = default;
};
using Usage = std::variant<Exact, AtLeast>;

// How a call ended, as LIMITS §4 tells the cases apart.
enum class Ending {
  success,     // answered: Exact usage replaces the estimate
  never_sent,  // connect failed, or cancelled before sending: all returned
  rejected,    // 429 or another 4xx, or 5xx before the first byte: the request is kept, the tokens return
  broken,      // timeout, disconnect or cancel after sending, a broken answer: all kept, and more if more was seen
};

// The answer "not now", or "never". An outcome, not an error.
struct Refusal {
  enum class Reason {
    never,          // larger than the burst: no wait helps; `largest` is what would fit
    wait_too_long,  // the predicted wait exceeds what the caller may wait; refused at once
    queue_full,     // too many calls, or bytes, are waiting already
    timed_out,      // waited as long as it might
    closing,        // the server is shutting down
  };
  enum class Scope { server, model, tool, client };
  Reason reason = Reason::wait_too_long;
  Scope of = Scope::model;                // whose limit it is: the server's, a limit group's, a tool's, a client's
  std::string scope;                      // by name; of the server: "server"
  std::string limit;                      // which: "rpm", "tpm", …, "concurrency", "queue", "pause"
  std::optional<Duration> retry_after{};  // when asking again is predicted to succeed; absent = never
  std::optional<std::int64_t> largest{};  // never: the largest admissible amount
  std::int64_t needed = 0;                // what the call asked of that limit
  WallTime resets{};                      // of a budget, whose `largest` is its amount: when its period ends
  std::int64_t left = 0;                  // of a budget: what is not spent, but may be held for others
  bool operator==(const Refusal&) const = default;
};

}  // namespace weir
