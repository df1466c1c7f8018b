// What a provider says about its limits, with an answer or instead of one: headers, a 429, a hint when to come back.
// Shape:   Reading: one dimension. `per` absent: per minute. `resets_in` is how long until it is full again, or until
//          the provider admits again, as the provider says it.
// Units:   requests or tokens, as `unit` says; durations from the moment at which the answer arrived.
// Threads: values.
// Source:  LIMITS §6.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "limiter/limit.h"

namespace weir {

struct Reading {
  Unit unit = Unit::requests;
  std::optional<Duration> per{};
  std::optional<std::int64_t> limit{}, remaining{};
  std::optional<Duration> resets_in{};
  bool operator==(const Reading&) const = default;
};

struct Feedback {
  std::vector<Reading> readings{};
  bool rate_limited = false;  // refused for a rate: 429, and not for money
  // When the headers came, if before the answer's end: of an answer that streams. Absent: now.
  std::optional<Instant> heard_at{};
  // Of a refusal for a rate: when to come back.
  std::optional<Duration> retry_after{};
  // Of a refusal for a rate: the dimension that was exhausted, when the provider names it.
  std::optional<Unit> exhausted{};
  bool operator==(const Feedback&) const = default;
};

}  // namespace weir
