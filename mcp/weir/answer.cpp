#include "mcp/weir/answer.h"

#include <fmt/format.h>

#include <cmath>

#include "mcp/jsonrpc.h"
#include "tools/message.h"

namespace weir::mcp {
namespace {

std::int64_t ms(Duration span) { return std::chrono::ceil<std::chrono::milliseconds>(span).count(); }

std::string seconds(Duration span) {
  // Rounded up: whoever waits as long as the text says must not come too early.
  const double tenths = std::ceil(std::chrono::duration<double>(span).count() * 10) / 10;
  return fmt::format("{:g} s", tenths);
}

// What a limit's name means, for someone who has not read the configuration; with its verb.
std::string spelled_out(const std::string& limit) {
  static constexpr std::pair<std::string_view, std::string_view> kPeriods[] = {
      {"ps", "second"}, {"pm", "minute"}, {"ph", "hour"}, {"pd", "day"}};
  static constexpr std::pair<std::string_view, std::string_view> kUnits[] = {
      {"r", "requests"}, {"t", "tokens"}, {"input_t", "input tokens"}, {"output_t", "output tokens"}};
  for (const auto& [unit, units] : kUnits)
    for (const auto& [per, period] : kPeriods)
      if (limit == fmt::format("{}{}", unit, per)) return fmt::format("{} per {} ({}) are", units, period, limit);
  return fmt::format("limit \"{}\" is", limit);
}

bool counts_requests(const std::string& limit) { return limit.size() == 3 && limit.starts_with("rp"); }

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

const char* kind(Refusal::Scope of) {
  switch (of) {
    case Refusal::Scope::server:
      return "server";
    case Refusal::Scope::model:
      return "model";
    case Refusal::Scope::tool:
      return "tool";
    case Refusal::Scope::client:
      return "client";
  }
  return "unknown";
}

Json usage(const Tool& tool, const Receipt& receipt) {
  const TokenCounts& used = receipt.used;
  Json usage = {{"model", tool.model()->settings.alias},
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
  usage["cost_usd"] = receipt.cost_picodollars ? Json(static_cast<double>(*receipt.cost_picodollars) / 1e12) : Json();
  return usage;
}

Json refusal_data(const Refusal& refusal) {
  Json data = {
      {"reason", reason(refusal.reason)}, {"of", kind(refusal.of)}, {"scope", refusal.scope}, {"limit", refusal.limit}};
  if (refusal.retry_after) {
    data["retry_after_ms"] = ms(*refusal.retry_after);
    data["predicted"] = refusal.limit != "concurrency" && refusal.limit != "queue";
  }
  if (refusal.largest) data["largest"] = *refusal.largest;
  return data;
}

// An answer that was cut short, and is of no use so.
std::string cut_short(const Tool& tool, const Completion& completion) {
  const auto& usage = completion.usage;
  const std::string cap = fmt::format("max_output_tokens = {}", tool.settings().max_output_tokens);
  if (completion.text.empty() && usage && usage->reasoning > 0)
    return fmt::format(
        "tool \"{}\": the answer was cut before its first word: {} tokens of reasoning left no room for "
        "it within {}; a profile with more reasoning_tokens, or with less effort, would",
        tool.settings().name, usage->reasoning, cap);
  if (completion.text.empty())
    return fmt::format("tool \"{}\": the answer was cut before its first word at {}", tool.settings().name, cap);
  return fmt::format("tool \"{}\": the answer was cut at {}, and is no whole JSON; it begins: {}", tool.settings().name,
                     cap, excerpt(completion.text, 300));
}

void answer_completion(const Tool& tool, const Completion& completion, ToolResult& result) {
  if (completion.finish == Finish::refusal || completion.finish == Finish::filter) {
    result.is_error = true;
    result.content.push_back(text_block(fmt::format(
        "tool \"{}\": the model {}{}", tool.settings().name,
        completion.finish == Finish::filter ? "was stopped by the provider's content filter" : "refused to answer",
        completion.text.empty() ? "" : ": " + completion.text)));
    return;
  }
  const bool truncated = completion.finish == Finish::length;
  if (completion.text.empty() || (truncated && tool.answers_json())) {
    result.is_error = true;
    result.content.push_back(
        text_block(truncated ? cut_short(tool, completion)
                             : fmt::format("tool \"{}\": the model answered nothing", tool.settings().name)));
    return;
  }
  result.content.push_back(text_block(completion.text));
  if (tool.answers_json()) {
    result.structured = Json::parse(completion.text);  // it was checked
    return;
  }
  if (truncated)
    result.content.push_back(
        text_block(fmt::format("(The answer was cut at max_output_tokens = {}.)", tool.settings().max_output_tokens)));
  result.structured = Json{{"text", completion.text},
                           {"model", completion.model},
                           {"finish", truncated ? "length" : "stop"},
                           {"truncated", truncated}};
}

}  // namespace

std::string text(const Refusal& refusal, const std::string& model) {
  // Its group may go by another alias than the caller's model.
  const std::string scope = refusal.of == Refusal::Scope::server ? "server"
                            : refusal.of == Refusal::Scope::model
                                ? fmt::format("model \"{}\"", model)
                                : fmt::format("{} \"{}\"", kind(refusal.of), refusal.scope);
  const std::string retry =
      refusal.retry_after ? fmt::format("; retry after {}", seconds(*refusal.retry_after)) : std::string();
  switch (refusal.reason) {
    case Refusal::Reason::never:
      return fmt::format("{}: this call needs {} {} at once, and {} are the most that is ever admitted; send less text",
                         scope, refusal.needed, counts_requests(refusal.limit) ? "requests" : "tokens",
                         refusal.largest.value_or(0));
    case Refusal::Reason::wait_too_long:
    case Refusal::Reason::timed_out:
      if (refusal.limit == "pause")
        return fmt::format("{}: its provider has refused calls for their rate{}", scope, retry);
      if (refusal.limit == "concurrency") return fmt::format("{}: every concurrent call is taken{}", scope, retry);
      return fmt::format("{}: {} exhausted{}", scope, spelled_out(refusal.limit), retry);
    case Refusal::Reason::queue_full:
      return fmt::format("{}: too many calls are waiting already{}", scope, retry);
    case Refusal::Reason::closing:
      return "server: it is shutting down; ask again when it is back";
  }
  return scope;
}

ToolResult answer(const Tool& tool, const Landing& landing) {
  ToolResult result;
  if (const auto* completion = std::get_if<Completion>(&landing.outcome)) {
    answer_completion(tool, *completion, result);
  } else if (const auto* refusal = std::get_if<Refusal>(&landing.outcome)) {
    result.is_error = true;
    result.content.push_back(text_block(text(*refusal, tool.model()->settings.alias)));
    result.meta["weir/refusal"] = refusal_data(*refusal);
  } else {
    const Error& error = std::get<Error>(landing.outcome);
    result.is_error = true;
    result.content.push_back(text_block(error.message));  // names the model itself
    result.meta["weir/fault"] = name(error.fault);
  }
  result.meta["weir/usage"] = usage(tool, landing.receipt);
  return result;
}

ToolReply reply(const Tool& tool, const Landing& landing) {
  const auto* refusal = std::get_if<Refusal>(&landing.outcome);
  if (refusal == nullptr || refusal->reason != Refusal::Reason::queue_full) return answer(tool, landing);
  const auto retry_after = refusal->retry_after.value_or(std::chrono::seconds(1));
  return ProtocolError{code::kFull, text(*refusal, tool.model()->settings.alias), refusal_data(*refusal),
                       std::chrono::ceil<std::chrono::seconds>(retry_after).count()};
}

ToolResult bad_arguments(const Error& error) {
  ToolResult result;
  result.is_error = true;
  result.content.push_back(text_block(error.message));
  result.meta["weir/fault"] = name(error.fault);
  return result;
}

std::string outcome(const Landing& landing) {
  if (const auto* completion = std::get_if<Completion>(&landing.outcome)) {
    switch (completion->finish) {
      case Finish::stop:
        return "ok";
      case Finish::length:
        return "length";
      case Finish::refusal:
        return "refusal";
      case Finish::filter:
        return "filter";
    }
  }
  if (std::holds_alternative<Refusal>(landing.outcome)) return "refused";
  return name(std::get<Error>(landing.outcome).fault);
}

}  // namespace weir::mcp
