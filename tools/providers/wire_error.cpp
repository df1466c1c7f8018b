#include "tools/providers/wire_error.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "tools/message.h"
#include "tools/providers/wire_json.h"
#include "tools/providers/wire_time.h"

namespace weir {
namespace {

using nlohmann::json;

struct StatusOfWord {
  std::string_view word;
  int status;
};

// What the words of errors that have no status of their own amount to: those in a stream, and under a success.
constexpr StatusOfWord kStatuses[] = {
    {"invalid_request_error", 400},
    {"invalid_request", 400},
    {"invalid_prompt", 400},
    {"context_length_exceeded", 400},
    {"max_tokens_exceeded", 400},
    {"content_policy_violation", 400},
    {"BadRequestError", 400},
    {"INVALID_ARGUMENT", 400},
    {"FAILED_PRECONDITION", 400},
    {"bio_policy", 400},
    {"data_residency_mismatch", 400},
    {"misalignment_policy_violation", 400},
    {"authentication_error", 401},
    {"authentication", 401},
    {"invalid_api_key", 401},
    {"UNAUTHENTICATED", 401},
    {"billing_error", 402},
    {"payment_required", 402},
    {"permission_error", 403},
    {"PERMISSION_DENIED", 403},
    {"not_found_error", 404},
    {"model_not_found", 404},
    {"NOT_FOUND", 404},
    {"conflict_error", 409},
    {"request_too_large", 413},
    {"rate_limit_error", 429},
    {"rate_limit_exceeded", 429},
    {"insufficient_quota", 429},
    {"RESOURCE_EXHAUSTED", 429},
    {"CANCELLED", 499},
    {"server_error", 500},
    {"internal_server_error", 500},
    {"api_error", 500},
    {"server", 500},
    {"INTERNAL", 500},
    {"server_is_overloaded", 503},
    {"slow_down", 503},
    {"service_unavailable_error", 503},
    {"unavailable_error", 503},
    {"UNAVAILABLE", 503},
    {"provider_unavailable", 503},
    {"provider_overloaded", 503},
    {"timeout_error", 504},
    {"timeout", 504},
    {"DEADLINE_EXCEEDED", 504},
    {"overloaded_error", 529},
};

// Money, not rate: waiting does not help.
bool is_money(const ErrorSaid& said) {
  static constexpr std::array<std::string_view, 11> kWords = {"insufficient_quota",
                                                              "credit_balance_exhausted",
                                                              "organization_spend_limit_exceeded",
                                                              "project_spend_limit_exceeded",
                                                              "organization_usage_limit_exceeded",
                                                              "billing_hard_limit_reached",
                                                              "billing_error",
                                                              "payment_required",
                                                              "enforced_spend_limit_reached",
                                                              "contract_spend_limit_reached",
                                                              "insufficient_credits"};
  return std::any_of(kWords.begin(), kWords.end(), [&](std::string_view word) { return said.is(word); });
}

Verdict verdict_of(int status) {
  switch (status) {
    case 401:
    case 498:  // Cohere's word for a token that is none
      return {Fault::denied, false, "check the model's api_key"};
    case 403:
      return {Fault::denied, false, "check that the key's account may use this model"};
    case 404:
      return {Fault::not_found, false, "check model and base_url"};
    case 408:
      return {Fault::timed_out, true};
    case 409:
      return {Fault::unavailable, true};
    case 413:
      return {Fault::bad_input, false, "the request is too large; shorten it"};
    case 429:
      return {Fault::unavailable, true};
    default:
      break;
  }
  if (status >= 500) return {Fault::unavailable, true};
  if (status >= 400) return {Fault::bad_input, false};
  if (status >= 300) return {Fault::bad_reply, false, "redirects are not followed; is base_url right?"};
  return {};
}

bool is_success(int status) { return status >= 200 && status <= 299; }

}  // namespace

std::string_view ErrorSaid::kind() const {
  if (!code.empty()) return code;
  return type.empty() || (type == "error" && !status_word.empty()) ? status_word : type;
}

ErrorSaid read_error(std::string_view body) {
  ErrorSaid said;
  const auto parsed = parse_wire_json(body);
  if (!parsed) {
    said.message = body;
    return said;
  }
  const json& answer = parsed->is_array() && !parsed->empty() ? parsed->front() : *parsed;
  const json* error = member(answer, "error");
  if (error == nullptr || error->is_null()) error = &answer;
  if (error->is_string()) {
    said.message = error->get<std::string>();
    return said;
  }
  said.message = text_of(member(*error, "message"));
  if (said.message.empty()) said.message = text_of(member(*error, "detail"));
  if (said.message.empty()) said.message = body;
  said.type = text_of(member(*error, "type"));
  said.status_word = text_of(member(*error, "status"));
  const json* code = member(*error, "code");
  said.code = text_of(code);
  if (code != nullptr && code->is_number_unsigned() && code->get<std::uint64_t>() < 1000)
    said.number = code->get<int>();
  return said;
}

int status_of(const HttpResponse& response, const ErrorSaid& said) {
  if (!is_success(response.status)) return response.status;
  if (said.number >= 400 && said.number <= 599) return said.number;
  for (const std::string* word : {&said.code, &said.type, &said.status_word})
    for (const StatusOfWord& one : kStatuses)
      if (*word == one.word) return one.status;
  return response.status;
}

Verdict usual_verdict(int status, const ErrorSaid& said) {
  if (is_money(said) || status == 402)
    return {Fault::exhausted, false, "the account's credit or spending limit is used up; retrying does not help"};
  if (status == 429 && said.message.starts_with("Request too large"))
    return {Fault::bad_input, false, "the account's limits never admit a request of this size; shorten it"};
  if (said.is("context_length_exceeded") || said.is("exceed_context_size_error"))
    return {Fault::bad_input, false, "the prompt is too long for the model; shorten it or lower max_output_tokens"};
  return verdict_of(status);
}

CallError call_error(const HttpResponse& response, int status, const ErrorSaid& said, const Verdict& verdict) {
  CallError result;
  result.retry = verdict.retry;
  result.rate_limited = status == 429 && (verdict.retry || !verdict.until_midnight_in.empty());
  if (result.rate_limited) {
    result.exhausted = verdict.exhausted;
    result.until_midnight_in = verdict.until_midnight_in;
  }
  // What comes under a success may have been preceded by work.
  result.ending = is_success(response.status) ? Ending::broken : Ending::rejected;
  // The provider's own word on retrying: a no always counts, a yes where the kind of failure leaves it open.
  if (const std::string* word = response.header("x-should-retry")) {
    if (*word == "false") result.retry = false;
    if (*word == "true" && status >= 400 && verdict.advice == nullptr) result.retry = true;
  }
  if (result.retry) {
    result.retry_after = retry_after(response);
    if (!result.retry_after) result.retry_after = verdict.retry_after;
  }

  std::string text = fmt::format("the provider answered {}", response.status);
  if (is_success(response.status)) text += " with an error";
  if (const std::string_view kind = said.kind(); !kind.empty())
    text += fmt::format(" ({})", excerpt(kind, 60));
  else if (is_success(response.status) && status != response.status)
    text += fmt::format(" ({})", status);
  std::string_view message = said.message;
  while (!message.empty() && (message.back() == '.' || message.back() == '\n')) message.remove_suffix(1);
  if (!message.empty()) text += ": " + excerpt(message);
  if (verdict.advice != nullptr) text += fmt::format("; {}", verdict.advice);
  result.error = {verdict.fault, std::move(text)};
  return result;
}

}  // namespace weir
