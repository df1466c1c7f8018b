#include "mcp/weir/spans.h"

#include <chrono>

#include "mcp/weir/gen_ai.h"

namespace weir::mcp {
namespace {

// A flight's retries are bounded by the configuration; this is for one that allows very many.
constexpr std::size_t kAttemptsMax = 32;

std::int64_t ms(Duration span) { return std::chrono::round<std::chrono::milliseconds>(span).count(); }
double dollars(std::int64_t nano) { return static_cast<double>(nano) / 1e9; }

// What is empty, or zero where zero says nothing, is left out.
class Attributes {
 public:
  Attributes& text(const char* key, std::string_view value) {
    if (!value.empty()) list_.emplace_back(key, std::string(value));
    return *this;
  }
  Attributes& number(std::string key, std::int64_t value) {
    list_.emplace_back(std::move(key), value);
    return *this;
  }
  Attributes& some(const char* key, std::int64_t value) { return value == 0 ? *this : number(key, value); }
  Attributes& real(const char* key, double value) {
    list_.emplace_back(key, value);
    return *this;
  }
  Attributes& truth(const char* key, bool value) {
    if (value) list_.emplace_back(key, value);
    return *this;
  }
  Attributes& texts(const char* key, std::vector<std::string> values) {
    list_.emplace_back(key, std::move(values));
    return *this;
  }
  SpanAttributes take() { return std::move(list_); }

 private:
  SpanAttributes list_;
};

std::string fault_name(const std::optional<Fault>& fault) { return fault ? name(*fault) : ""; }

// In the words of the conventions' finish reasons.
std::string finish_reason(const std::string& outcome) {
  if (outcome == "ok") return "stop";
  if (outcome == "length") return "length";
  if (outcome == "filter" || outcome == "refusal") return "content_filter";
  return "error";
}

SpanAttributes of_attempt(const AttemptRecord& attempt) {
  Attributes all;
  all.number("weir.attempt", attempt.number)
      .text("weir.outcome", attempt.outcome)
      .text("error.type", error_type(attempt))
      .text("weir.fault", fault_name(attempt.fault))
      .some("http.response.status_code", attempt.status)
      .text("weir.account", attempt.account)
      .text("weir.request_id", attempt.request_id);
  if (attempt.used)
    all.number("gen_ai.usage.input_tokens", attempt.used->input)
        .number("gen_ai.usage.output_tokens", attempt.used->output);
  if (attempt.cost_nano) all.real("weir.cost_usd", dollars(*attempt.cost_nano));
  return all.some("weir.debt_tokens", attempt.debt).take();
}

void add_events(Span& span, const AttemptRecord& attempt) {
  if (attempt.number > 1)
    span.events.push_back({attempt.asked, "weir.retry", Attributes().number("weir.attempt", attempt.number).take()});
  Attributes queued;
  queued.number("weir.queued_ms", ms(attempt.queued)).number("weir.throttled_ms", ms(attempt.throttled));
  for (const auto& [limit, wait] : attempt.throttled_by) queued.number("weir.throttled_ms." + limit, ms(wait));
  span.events.push_back({attempt.asked, "weir.queued", queued.take()});
  span.events.push_back({attempt.sent, "weir.reserved",
                         Attributes()
                             .number("weir.reserved_input_tokens", attempt.reserved.input_tokens)
                             .number("weir.reserved_output_tokens", attempt.reserved.output_tokens)
                             .take()});
  span.events.push_back({attempt.ended, "weir.attempt", of_attempt(attempt)});
}

// All tokens of all attempts, as they were paid for.
TokenCounts sum_of(const std::vector<AttemptRecord>& attempts) {
  TokenCounts sum;
  for (const AttemptRecord& attempt : attempts) {
    if (!attempt.used) continue;
    sum.input += attempt.used->input;
    sum.cached_input += attempt.used->cached_input;
    sum.cache_write += attempt.used->cache_write;
    sum.output += attempt.used->output;
    sum.reasoning += attempt.used->reasoning;
  }
  return sum;
}

void add_last_attempt(Attributes& all, const AttemptRecord& last) {
  all.text("gen_ai.response.model", last.answered_by)
      .text("gen_ai.response.id", last.request_id)
      .some("gen_ai.request.max_tokens", last.cap)
      .truth("gen_ai.request.stream", last.streamed)
      .texts("gen_ai.response.finish_reasons", {finish_reason(last.outcome)})
      .text("weir.profile", last.profile);
  if (last.first_byte)
    all.real("gen_ai.response.time_to_first_chunk", std::chrono::duration<double>(*last.first_byte).count());
}

void add_usage(Attributes& all, const std::vector<AttemptRecord>& attempts) {
  const TokenCounts used = sum_of(attempts);
  all.number("gen_ai.usage.input_tokens", used.input)
      .number("gen_ai.usage.output_tokens", used.output)
      .some("gen_ai.usage.cache_read.input_tokens", used.cached_input)
      .some("gen_ai.usage.cache_creation.input_tokens", used.cache_write)
      .some("gen_ai.usage.reasoning.output_tokens", used.reasoning);
  std::int64_t cost = 0;
  for (const AttemptRecord& attempt : attempts) {
    if (!attempt.cost_nano) return;  // what is known of it would look like all of it
    cost += *attempt.cost_nano;
  }
  all.real("weir.cost_usd", dollars(cost));
}

}  // namespace

Span span_of(const CallRecord& call) {
  const CallIdentity& who = *call.call;
  const bool is_tool = who.method == "tools/call";
  Span span{.context = who.trace,
            .parent = who.caller.span,
            .parent_is_remote = true,
            .name = who.tool.empty() ? who.method : who.method + " " + who.tool,
            .kind = Span::Of::server,
            .started = call.started,
            .ended = call.ended};
  Attributes all;
  all.text("mcp.method.name", who.method)
      .text("gen_ai.operation.name", is_tool ? "execute_tool" : "")
      .text("gen_ai.tool.name", who.tool)
      .text("network.transport", network_transport(who.transport))
      .text("error.type", error_type(call))
      .number("weir.call", static_cast<std::int64_t>(who.number))
      .text("weir.client", who.client)
      .text("weir.outcome", call.outcome)
      .text("weir.fault", fault_name(call.fault))
      .text("weir.model", call.model)
      .text("weir.profile", call.profile)
      .text("weir.refused_by", call.refused_by)
      .text("weir.refused_of", call.refused_of)
      .number("weir.waited_ms", ms(call.waited))
      .number("weir.throttled_ms", ms(call.throttled))
      .number("weir.attempts", call.attempts)
      .some("weir.cache_hits", call.from_cache)
      .some("weir.shared_answers", call.shared)
      .some("weir.rows", call.rows)
      .some("weir.rows_failed", call.rows_failed);
  span.attributes = all.take();
  span.failed = !error_type(call).empty();
  if (span.failed) span.message = call.refused_by.empty() ? call.outcome : "refused by " + call.refused_by;
  return span;
}

Span span_of(const FlightRecord& flight) {
  Span span{.context = flight.trace,
            .parent = flight.call->trace.span,
            .name = std::string(gen_ai_operation(flight)) + " " + flight.wire_model,
            .kind = Span::Of::client,
            .started = flight.started,
            .ended = flight.ended};
  Attributes all;
  all.text("gen_ai.operation.name", gen_ai_operation(flight))
      .text("gen_ai.provider.name", gen_ai_provider(flight.provider))
      .text("gen_ai.request.model", flight.wire_model)
      .text("error.type", error_type(flight))
      .text("weir.model", flight.model)
      .text("weir.outcome", flight.outcome)
      .number("weir.attempts", static_cast<std::int64_t>(flight.attempts.size()))
      .truth("weir.repaired", flight.repaired);
  if (!flight.attempts.empty()) {
    add_last_attempt(all, flight.attempts.back());
    add_usage(all, flight.attempts);
  }
  if (flight.refusal) all.text("weir.refused_by", flight.refusal->limit).text("weir.refused_of", flight.refusal->scope);
  span.attributes = all.take();
  for (std::size_t i = 0; i < flight.attempts.size() && i < kAttemptsMax; ++i) add_events(span, flight.attempts[i]);
  span.failed = !error_type(flight).empty();
  if (span.failed) span.message = flight.refusal ? "refused by " + flight.refusal->limit : flight.outcome;
  return span;
}

}  // namespace weir::mcp
