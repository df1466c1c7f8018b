// Records as the flights and the host tell them: of one call that asked a model once, and went well.
#pragma once

#include <memory>
#include <utility>

#include "tools/call_log.h"

namespace weir::mcp {

using namespace std::chrono_literals;

inline constexpr WallTime kNoon{std::chrono::seconds(1'795'348'800)};

inline TraceContext a_context(std::uint8_t span, bool sampled = true) {
  TraceContext context;
  for (std::size_t i = 0; i < context.trace.size(); ++i) context.trace[i] = static_cast<std::uint8_t>(i + 1);
  context.span = {span, span, span, span, span, span, span, span};
  context.sampled = sampled;
  return context;
}

inline CallIdentity an_identity() {
  return {.number = 7,
          .tool = "summarise",
          .client = "ci",
          .transport = "http",
          .trace = a_context(0xBB),
          .caller = a_context(0xAA)};
}

inline AttemptRecord an_attempt() {
  return {.call = std::make_shared<const CallIdentity>(an_identity()),
          .flight = 1,
          .model = "fast",
          .provider = "openai",
          .account = "",
          .profile = "",
          .wire_model = "gpt-4.1-nano",
          .answered_by = "gpt-4.1-nano-2025",
          .asked = kNoon,
          .sent = kNoon + 30ms,
          .ended = kNoon + 530ms,
          .queued = 10ms,
          .throttled = 20ms,
          .throttled_by = {{"tpm", 20ms}},
          .status = 200,
          .used = TokenCounts{.input = 100, .cached_input = 30, .output = 50, .reasoning = 20, .cache_write = 10},
          .reserved = {.input_tokens = 120, .output_tokens = 60},
          .cost_nano = 1'500'000,
          .cap = 400,
          .request_id = "req-1"};
}

inline FlightRecord a_flight(std::vector<AttemptRecord> attempts = {an_attempt()}) {
  FlightRecord flight{.call = std::make_shared<const CallIdentity>(an_identity()),
                      .flight = 1,
                      .trace = a_context(0xCC),
                      .started = kNoon,
                      .ended = kNoon + 531ms,
                      .outcome = "ok",
                      .model = "fast",
                      .provider = "openai",
                      .wire_model = "gpt-4.1-nano"};
  flight.attempts = std::move(attempts);
  return flight;
}

inline CallRecord a_call() {
  return {.call = std::make_shared<const CallIdentity>(an_identity()),
          .kind = "prompt",
          .model = "fast",
          .provider = "openai",
          .started = kNoon,
          .ended = kNoon + 540ms,
          .waited = 30ms,
          .throttled = 20ms,
          .took = 540ms,
          .attempts = 1};
}

}  // namespace weir::mcp
