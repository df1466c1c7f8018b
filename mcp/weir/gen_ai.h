// What OpenTelemetry's conventions for generative AI and for MCP call the things that Weir's records hold.
// Shape:   an empty answer: the attribute is absent.
// Threads: pure functions.
// Source:  semantic-conventions v1.41.1, docs/gen-ai/{gen-ai-spans,mcp}.md.
#pragma once

#include <string>
#include <string_view>

#include "tools/call_log.h"

namespace weir::mcp {

std::string_view gen_ai_provider(std::string_view provider);     // "gcp.gemini" for google
std::string_view gen_ai_operation(const FlightRecord& flight);   // "chat", "embeddings"
std::string_view network_transport(std::string_view transport);  // "tcp", "pipe"
// How it failed, from a closed set: an HTTP status ("429"), a fault ("timed_out"); of a call "tool_error".
std::string error_type(const AttemptRecord& attempt);
std::string error_type(const FlightRecord& flight);
std::string_view error_type(const CallRecord& call);

}  // namespace weir::mcp
