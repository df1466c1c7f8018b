#include "mcp/weir/watching.h"

#include "limiter/scope_name.h"

namespace weir::mcp {
namespace {

constexpr std::size_t kTextBytesMax = 64 << 10;

// "model fast", "client ci", "server".
std::string whose(const Refusal& refusal) {
  std::string words(scope_name(refusal.of));
  return refusal.of == Refusal::Scope::server ? words : words + ' ' + refusal.scope;
}

}  // namespace

std::shared_ptr<const CallIdentity> identity_of(const Watching& watching, std::uint64_t number, const std::string& tool,
                                                const Context& context) {
  auto call = std::make_shared<CallIdentity>();
  call->number = number;
  call->tool = tool;
  call->client = context.principal.name;
  if (watching.parent_of) call->parent = watching.parent_of(call->client);
  call->transport = context.transport.empty() ? "shell" : context.transport;
  const auto caller = parse_traceparent(context.traceparent, context.tracestate);
  if (caller) call->caller = *caller;
  if (watching.begin_trace) call->trace = watching.begin_trace(caller);
  return call;
}

CallRecord record_of(std::shared_ptr<const CallIdentity> call, const Tool& tool, const ToolAnswer& answer) {
  const Receipt& receipt = answer.receipt;
  CallRecord record;
  record.call = std::move(call);
  record.kind = tool.settings().kind;
  if (const auto model = tool.model()) {
    record.model = model->settings.alias;
    record.provider = model->settings.provider;
  }
  record.profile = receipt.profile;
  record.outcome = answer.word;
  if (const auto* error = std::get_if<Error>(&answer.outcome)) record.fault = error->fault;
  if (const auto* refusal = std::get_if<Refusal>(&answer.outcome)) {
    record.refused_by = refusal->limit;
    record.refused_of = whose(*refusal);
  }
  record.rows = answer.rows;
  record.rows_failed = answer.rows_failed;
  record.from_cache = receipt.from_cache;
  record.shared = receipt.shared;
  record.waited = receipt.waited;
  record.throttled = receipt.throttled;
  record.took = receipt.took;
  record.attempts = receipt.attempts;
  if (tool.settings().ledger_text) {
    if (const auto* value = std::get_if<nlohmann::json>(&answer.outcome))
      record.answer = kept_text(value->dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  }
  return record;
}

std::string kept_text(std::string text) {
  if (text.size() <= kTextBytesMax) return text;
  std::size_t end = kTextBytesMax;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;  // not within a character
  return text.substr(0, end) + "…";
}

}  // namespace weir::mcp
