// W3C Trace Context (https://www.w3.org/TR/trace-context/, level 1): which trace a call belongs to.
// Shape:   ids as bytes; all zero = absent. `state` is the tracestate as it came, at most 512 bytes.
// Errors:  what is no traceparent is no context: the call begins a trace of its own, as the standard has it.
// Threads: values.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weir {

struct TraceContext {
  std::array<std::uint8_t, 16> trace{};
  std::array<std::uint8_t, 8> span{};  // of whoever calls; then of the span in which it is carried on
  bool sampled = false;
  std::string state{};
  bool operator==(const TraceContext&) const = default;
};

std::optional<TraceContext> parse_traceparent(std::string_view traceparent, std::string_view tracestate);
std::string traceparent(const TraceContext& context);           // "00-<32>-<16>-01"
std::string hex(const std::array<std::uint8_t, 16>& trace_id);  // lower case
std::string hex(const std::array<std::uint8_t, 8>& span_id);

}  // namespace weir
