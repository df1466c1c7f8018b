#include "mcp/weir/gen_ai.h"

namespace weir::mcp {
namespace {

bool went_well(std::string_view outcome) { return outcome == "ok" || outcome == "length"; }

std::string fault_or(const std::optional<Fault>& fault, const std::string& outcome) {
  return fault ? name(*fault) : outcome;
}

}  // namespace

std::string_view gen_ai_provider(std::string_view provider) { return provider == "google" ? "gcp.gemini" : provider; }

std::string_view gen_ai_operation(const FlightRecord& flight) { return flight.embeds ? "embeddings" : "chat"; }

std::string_view network_transport(std::string_view transport) {
  return transport == "http" ? "tcp" : transport == "stdio" ? "pipe" : "";
}

std::string error_type(const AttemptRecord& attempt) {
  if (went_well(attempt.outcome)) return {};
  if (attempt.status >= 400 && attempt.status <= 599) return std::to_string(attempt.status);
  return fault_or(attempt.fault, attempt.outcome);
}

std::string error_type(const FlightRecord& flight) {
  if (went_well(flight.outcome)) return {};
  return flight.attempts.empty() ? fault_or(flight.fault, flight.outcome) : error_type(flight.attempts.back());
}

std::string_view error_type(const CallRecord& call) { return went_well(call.outcome) ? "" : "tool_error"; }

}  // namespace weir::mcp
