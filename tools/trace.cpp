#include "tools/trace.h"

#include <fmt/format.h>

#include <algorithm>

namespace weir {
namespace {

constexpr std::size_t kStateBytesMax = 512;

// The standard allows lower case only.
std::optional<int> digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return std::nullopt;
}

template <std::size_t N>
std::optional<std::array<std::uint8_t, N>> bytes_of(std::string_view hex) {
  std::array<std::uint8_t, N> bytes{};
  for (std::size_t i = 0; i < N; ++i) {
    const auto high = digit(hex[2 * i]), low = digit(hex[2 * i + 1]);
    if (!high || !low) return std::nullopt;
    bytes[i] = static_cast<std::uint8_t>(*high * 16 + *low);
  }
  return bytes;
}

template <std::size_t N>
std::string hex_of(const std::array<std::uint8_t, N>& bytes) {
  std::string text;
  for (const std::uint8_t byte : bytes) text += fmt::format("{:02x}", byte);
  return text;
}

bool is_header_text(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

}  // namespace

std::optional<TraceContext> parse_traceparent(std::string_view traceparent, std::string_view tracestate) {
  // version "-" trace-id "-" parent-id "-" flags; a later version may have more, after another "-".
  constexpr std::size_t kLength = 55;
  if (traceparent.size() < kLength || traceparent[2] != '-' || traceparent[35] != '-' || traceparent[52] != '-')
    return std::nullopt;
  const auto version = bytes_of<1>(traceparent.substr(0, 2));
  const auto trace = bytes_of<16>(traceparent.substr(3, 32));
  const auto span = bytes_of<8>(traceparent.substr(36, 16));
  const auto flags = bytes_of<1>(traceparent.substr(53, 2));
  if (!version || !trace || !span || !flags || (*version)[0] == 0xff) return std::nullopt;
  const bool longer = traceparent.size() > kLength;
  if (longer && ((*version)[0] == 0 || traceparent[kLength] != '-')) return std::nullopt;
  TraceContext context{.trace = *trace, .span = *span, .sampled = ((*flags)[0] & 1) != 0};
  if (context.trace == TraceContext{}.trace || context.span == TraceContext{}.span) return std::nullopt;
  if (tracestate.size() <= kStateBytesMax && is_header_text(tracestate)) context.state = tracestate;
  return context;
}

std::string traceparent(const TraceContext& context) {
  return fmt::format("00-{}-{}-{}", hex(context.trace), hex(context.span), context.sampled ? "01" : "00");
}

std::string hex(const std::array<std::uint8_t, 16>& trace_id) { return hex_of(trace_id); }
std::string hex(const std::array<std::uint8_t, 8>& span_id) { return hex_of(span_id); }

}  // namespace weir
