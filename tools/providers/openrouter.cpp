#include "tools/providers/openrouter.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "tools/providers/answering.h"
#include "tools/providers/chat.h"
#include "tools/providers/wire_error.h"
#include "tools/providers/wire_json.h"
#include "tools/providers/wire_time.h"

namespace weir {
namespace {

using nlohmann::json;
using Json = nlohmann::ordered_json;

// Its limits are those of a minute and of a UTC day; which of the two a header is about shows in when it is reset.
constexpr Duration kMinuteAtMost = std::chrono::seconds(61);

std::optional<Duration> resets_in(const HttpResponse& response) {
  const auto epoch_ms = header_count(response.header("x-ratelimit-reset"));
  constexpr std::int64_t kLatest_ms = 7'258'118'400'000;  // the year 2200
  if (!epoch_ms || *epoch_ms > kLatest_ms) return std::nullopt;
  return until(response, std::chrono::milliseconds(*epoch_ms));
}

Json reasoning(const ProfileSettings& profile) {
  Json how = Json::object();
  if (!profile.effort.empty())
    how["effort"] = profile.effort;
  else if (profile.thinking_budget == 0)
    how["effort"] = "none";
  else if (profile.thinking_budget && *profile.thinking_budget > 0)
    how["max_tokens"] = *profile.thinking_budget;
  return how;
}

}  // namespace

HttpRequest encode_openrouter(const ModelSettings& settings, const Prompt& prompt, bool stream) {
  Json body = chat_body(settings, prompt, stream, true);
  Json& messages = body["messages"];
  if (prompt.stable_system && messages.size() > 1) {  // the last before the user's own: the end of what is constant
    Json& content = messages[messages.size() - 2]["content"];
    content = Json::array({{{"type", "text"}, {"text", content}, {"cache_control", {{"type", "ephemeral"}}}}});
  }
  if (Json how = reasoning(prompt.profile); !how.empty()) body["reasoning"] = std::move(how);
  if (!prompt.profile.verbosity.empty()) body["verbosity"] = prompt.profile.verbosity;
  return json_request(settings, settings.base_url + "/chat/completions", bearer(settings), body, stream);
}

tl::expected<Completion, CallError> decode_openrouter(const HttpResponse& response) {
  return decode_chat(response, openrouter_error);
}

void on_openrouter_event(Answering& so_far, const SseEvent& event) { on_chat_event(so_far, event, openrouter_error); }

CallError openrouter_error(const HttpResponse& response) {
  ErrorSaid said = read_error(response.body);
  bool own_limit = true;  // not that of the provider behind
  std::string source;
  if (const auto body = parse_wire_json(response.body)) {
    const json* error = member(*body, "error");
    const json* metadata = error == nullptr ? nullptr : member(*error, "metadata");
    if (metadata != nullptr) {
      said.type = text_of(member(*metadata, "error_type"));
      source = text_of(member(*metadata, "limit_source"));
      own_limit = text_of(member(*metadata, "provider_name")).empty();
    }
  }
  const int status = status_of(response, said);
  Verdict verdict = usual_verdict(status, said);
  // Credit that calls in flight hold back is free again when they end.
  if (status == 402 && source == "openrouter_in_flight_budget") verdict = {Fault::unavailable, true};
  if (status == 403 && said.is("content_policy_violation"))
    verdict = {Fault::bad_input, false, "the prompt was turned away by moderation"};
  if (status == 429) {
    verdict.retry_after = resets_in(response);
    if (own_limit && response.header("x-ratelimit-limit") != nullptr) verdict.exhausted = Unit::requests;
    if (said.message.find("per-day") != std::string::npos) {
      verdict = {.fault = Fault::exhausted,
                 .advice = "the day's requests are used up until midnight UTC",
                 .exhausted = Unit::requests,
                 .until_midnight_in = "UTC"};
    }
  }
  return call_error(response, status, said, verdict);
}

Feedback openrouter_limits(const HttpResponse& response) {
  Reading reading{.unit = Unit::requests};
  reading.limit = header_count(response.header("x-ratelimit-limit"));
  reading.remaining = header_count(response.header("x-ratelimit-remaining"));
  reading.resets_in = resets_in(response);
  if (!reading.resets_in || (!reading.limit && !reading.remaining)) return {};
  if (*reading.resets_in > kMinuteAtMost) reading.per = std::chrono::hours(24);
  return {.readings = {reading}};
}

HttpRequest probe_openrouter(const ModelSettings& settings) {
  return probe_request(settings, settings.base_url + "/key", bearer(settings));
}

std::optional<CallError> judge_openrouter_probe(const ModelSettings&, const HttpResponse& response) {
  if (auto error = judge_status(response, openrouter_error)) return error;
  const auto answer = parse_wire_json(response.body);
  const json* key = answer ? member(*answer, "data") : nullptr;
  if (key == nullptr) {
    CallError error = unusable("it tells nothing of the key; is base_url OpenRouter's, with its /api/v1?");
    error.ending = Ending::rejected;
    return error;
  }
  const json* left = member(*key, "limit_remaining");
  if (left != nullptr && left->is_number() && left->get<double>() <= 0)
    return CallError{.error = {Fault::exhausted, "the key's credit limit is used up; raise it, or wait for its reset"}};
  return std::nullopt;
}

}  // namespace weir
