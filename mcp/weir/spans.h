// What a span says of a call, and of a flight: its name, its attributes, its events.
// Names:   those of OpenTelemetry's conventions where there are any, else weir.*; waits in milliseconds, as whole
//          numbers; money in US dollars. Nothing of prompts or answers.
// Threads: pure functions.
// Source:  semantic-conventions v1.41.1, docs/gen-ai/{gen-ai-spans,mcp}.md.
#pragma once

#include "mcp/weir/otlp_json.h"
#include "tools/call_log.h"

namespace weir::mcp {

Span span_of(const CallRecord& call);      // "tools/call summarise", SERVER, below the caller's span
Span span_of(const FlightRecord& flight);  // "chat gpt-4.1-nano", CLIENT, below the call's

}  // namespace weir::mcp
