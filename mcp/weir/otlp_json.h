// Spans as OTLP/HTTP takes them in JSON: an ExportTraceServiceRequest of opentelemetry-proto, by the protocol's own
// rules where they differ from protobuf's: ids in hex; 64-bit integers as strings; enumerations as numbers.
// Shape:   each span is written once, when it ends, so that a batch costs no more than putting them together.
// Units:   nanoseconds since the Unix epoch.
// Errors:  none; text that is no UTF-8 has U+FFFD where it is broken.
// Threads: pure functions.
// Source:  https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "limiter/loop.h"
#include "tools/trace.h"

namespace weir::mcp {

using SpanValue = std::variant<std::string, std::int64_t, double, bool, std::vector<std::string>>;
using SpanAttributes = std::vector<std::pair<std::string, SpanValue>>;

struct SpanEvent {
  WallTime at{};
  std::string name;
  SpanAttributes attributes{};
};

struct Span {
  enum class Of { server = 2, client = 3 };  // as the wire numbers kinds
  TraceContext context;                      // its own
  std::array<std::uint8_t, 8> parent{};      // zero = none
  bool parent_is_remote = false;
  std::string name;
  Of kind = Of::server;
  WallTime started{}, ended{};
  SpanAttributes attributes{};
  std::vector<SpanEvent> events{};
  bool failed = false;
  std::string message{};  // of the failure
};

struct SpanSource {
  std::string service, version;
};

std::string otlp_span(const Span& span);
// `spans`: as otlp_span() wrote them.
std::string otlp_request(const SpanSource& source, const std::vector<std::string>& spans);

// What the receiver says of a request that it took: how many spans it refused, and why.
struct PartialSuccess {
  std::int64_t rejected = 0;
  std::string message{};
};
PartialSuccess otlp_answer(std::string_view body);  // no JSON, or none of it: nothing was refused

}  // namespace weir::mcp
