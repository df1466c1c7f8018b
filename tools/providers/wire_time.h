// Numbers and times as providers write them into headers: counts, spans in Go's way, instants as HTTP dates and as
// RFC 3339.
// Invariant: an instant of the provider is only ever compared with the `date` of the same answer, which is the
//            provider's clock too; ours plays no part.
// Units:   nanoseconds; instants since 1970-01-01T00:00:00Z, of the years 1970 to 2199.
// Errors:  what is not of the form is nothing.
// Threads: pure functions.
// Source:  RFC 9110 §5.6.7, RFC 3339, Go's time.Duration.String.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tools/http/client.h"

namespace weir {

// A header's number: digits, and nothing else. Null is nothing.
std::optional<std::int64_t> header_count(const std::string* text);

// "120ms", "1s", "6m0s", "4m12.172s", "156h14m36.7s"; at most 400 days.
std::optional<Duration> go_duration(std::string_view text);

std::optional<Duration> http_date(std::string_view text);  // "Sat, 21 Nov 2026 12:00:01 GMT"
std::optional<Duration> rfc3339(std::string_view text);    // "2026-11-21T12:00:01.5Z", "2026-11-21T13:00:01+01:00"

// From the answer's own `date` to the instant; 0 when that has passed. Nothing without a `date`.
std::optional<Duration> until(const HttpResponse& response, Duration instant);

// The provider's own word on when to come back: retry-after-ms, else retry-after in seconds or as a date. What is
// negative, or no finite number, is nothing.
std::optional<Duration> retry_after(const HttpResponse& response);

}  // namespace weir
