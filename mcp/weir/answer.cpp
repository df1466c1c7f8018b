#include "mcp/weir/answer.h"

#include <fmt/format.h>

#include "limiter/scope_name.h"
#include "mcp/jsonrpc.h"
#include "tools/operators/answers.h"

namespace weir::mcp {
namespace {

std::int64_t ms(Duration span) { return std::chrono::ceil<std::chrono::milliseconds>(span).count(); }

Json text_block(std::string text) { return {{"type", "text"}, {"text", std::move(text)}}; }

const char* reason(Refusal::Reason why) {
  switch (why) {
    case Refusal::Reason::never:
      return "never";
    case Refusal::Reason::wait_too_long:
      return "wait_too_long";
    case Refusal::Reason::queue_full:
      return "queue_full";
    case Refusal::Reason::timed_out:
      return "timed_out";
    case Refusal::Reason::closing:
      return "closing";
  }
  return "unknown";
}

Json usage(const Tool& tool, const Receipt& receipt) {
  const TokenCounts& used = receipt.used;
  Json usage = {{"model", tool.model() ? Json(tool.model_alias()) : Json()},
                {"reserved_input_tokens", receipt.reserved.input_tokens},
                {"reserved_output_tokens", receipt.reserved.output_tokens},
                {"waited_ms", ms(receipt.waited)},
                {"throttled_ms", ms(receipt.throttled)},
                {"took_ms", ms(receipt.took)},
                {"attempts", receipt.attempts}};
  // Unknown is null, never 0.
  const auto known = [&](std::int64_t tokens) { return receipt.usage_known ? Json(tokens) : Json(); };
  usage["input_tokens"] = known(used.input);
  usage["cached_input_tokens"] = known(used.cached_input);
  usage["output_tokens"] = known(used.output);
  usage["reasoning_tokens"] = known(used.reasoning);
  usage["cache_write_tokens"] = known(used.cache_write);
  if (!receipt.profile.empty()) usage["profile"] = receipt.profile;
  if (receipt.repaired) usage["repaired"] = true;
  if (receipt.at_least) usage["at_least"] = true;
  if (receipt.origin != Origin::provider) usage["origin"] = receipt.origin == Origin::cache ? "cache" : "shared";
  usage["cost_usd"] = receipt.cost_picodollars ? Json(static_cast<double>(*receipt.cost_picodollars) / 1e12) : Json();
  return usage;
}

Json refusal_data(const Refusal& refusal) {
  Json data = {
      {"reason", reason(refusal.reason)}, {"of", scope_name(refusal.of)}, {"scope", refusal.scope}, {"limit", refusal.limit}};
  if (refusal.retry_after) {
    data["retry_after_ms"] = ms(*refusal.retry_after);
    data["predicted"] = refusal.limit != "concurrency" && refusal.limit != "queue";
  }
  if (refusal.largest) data["largest"] = *refusal.largest;
  return data;
}

}  // namespace

ToolResult answer(const Tool& tool, const ToolAnswer& answer) {
  ToolResult result;
  if (const auto* value = std::get_if<Json>(&answer.outcome)) {
    result.content.push_back(text_block(answer.text.empty() ? value->dump() : answer.text));
    if (answer.truncated)
      result.content.push_back(text_block(
          fmt::format("(The answer was cut at max_output_tokens = {}.)", tool.settings().max_output_tokens)));
    result.structured = *value;
  } else {
    result.is_error = true;
    result.content.push_back(text_block(reason(answer, tool)));
    if (const auto* refusal = std::get_if<Refusal>(&answer.outcome))
      result.meta["weir/refusal"] = refusal_data(*refusal);
    else
      result.meta["weir/fault"] = name(std::get<Error>(answer.outcome).fault);
  }
  result.meta["weir/usage"] = usage(tool, answer.receipt);
  return result;
}

ToolReply reply(const Tool& tool, const ToolAnswer& answered) {
  const auto* refusal = std::get_if<Refusal>(&answered.outcome);
  if (refusal == nullptr || refusal->reason != Refusal::Reason::queue_full) return answer(tool, answered);
  const auto retry_after = refusal->retry_after.value_or(std::chrono::seconds(1));
  return ProtocolError{code::kFull, text(*refusal, tool.model_alias()), refusal_data(*refusal),
                       std::chrono::ceil<std::chrono::seconds>(retry_after).count()};
}

ToolResult bad_arguments(const Error& error) {
  ToolResult result;
  result.is_error = true;
  result.content.push_back(text_block(error.message));
  result.meta["weir/fault"] = name(error.fault);
  return result;
}

}  // namespace weir::mcp
