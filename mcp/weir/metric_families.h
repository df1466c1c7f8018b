// The names of what Metrics counts. Where OpenTelemetry's conventions for generative AI and for MCP have a name, it is
// theirs in Prometheus' spelling, with their buckets; all others begin with weir_.
// Threads: constants.
// Source:  semantic-conventions v1.41.1, docs/gen-ai/{gen-ai-metrics,mcp}.md; Prometheus, metric and label naming.
#pragma once

#include <span>
#include <string_view>

namespace weir::mcp {

enum class Figure {
  tool_calls,
  tool_call_seconds,
  tool_refusals,
  tool_rows,
  cache_hits,
  shared_answers,
  flights,
  flight_refusals,
  repairs,
  attempts,
  retries,
  attempt_seconds,
  first_chunk_seconds,
  token_usage,
  tokens,
  reserved_tokens,
  debt_tokens,
  cost,
  unknown_costs,
  queue_seconds,
  throttle_seconds,
  throttled_by_limit,
  notes,
};

struct MetricFamily {
  Figure figure;
  std::string_view name, help;
  std::span<const std::string_view> labels;
  std::span<const double> bounds{};  // of a histogram; none = a counter
  double per = 1;                    // how many of what is counted make one unit on the wire
};

// In the order of Figure.
std::span<const MetricFamily> metric_families();

}  // namespace weir::mcp
