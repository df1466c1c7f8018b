#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "tools/message.h"
#include "tools/providers/openai.h"
#include "tools/providers/wire_json.h"

namespace weir {
namespace {

using nlohmann::json;

struct Said {
  std::string message, type, code;
  int number = 0;  // of a code that is a number
};

// `error` may be an object or a string, alone or in an array; its code a string, a number or null; and some servers
// have no `error` at all, but `message` or `detail`.
Said read(const std::string& body) {
  Said said;
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
  const json* code = member(*error, "code");
  said.code = text_of(code);
  if (code != nullptr && code->is_number_unsigned() && code->get<std::uint64_t>() < 1000)
    said.number = code->get<int>();
  return said;
}

// Money, not rate: waiting does not help.
bool is_money(const Said& said) {
  static constexpr std::array<std::string_view, 6> kWords = {
      "insufficient_quota",           "credit_balance_exhausted",          "organization_spend_limit_exceeded",
      "project_spend_limit_exceeded", "organization_usage_limit_exceeded", "billing_hard_limit_reached"};
  const auto is = [&](std::string_view word) { return said.code == word || said.type == word; };
  return std::any_of(kWords.begin(), kWords.end(), is);
}

struct Verdict {
  Fault fault;
  bool retry;
  const char* advice;  // what would be right
};

Verdict judge(int status, const Said& said) {
  if (is_money(said) || status == 402)
    return {Fault::exhausted, false, "the account's credit or spending limit is used up; retrying does not help"};
  if (said.message.starts_with("Request too large"))
    return {Fault::bad_input, false, "the account's limits never admit a request of this size; shorten it"};
  if (said.code == "context_length_exceeded" || said.type == "exceed_context_size_error")
    return {Fault::bad_input, false, "the prompt is too long for the model; shorten it or lower max_output_tokens"};
  switch (status) {
    case 401:
      return {Fault::denied, false, "check the model's api_key"};
    case 403:
      return {Fault::denied, false, "check that the key's account may use this model"};
    case 404:
      return {Fault::not_found, false, "check model and base_url"};
    case 408:
      return {Fault::timed_out, true, nullptr};
    case 409:
      return {Fault::unavailable, true, nullptr};
    case 413:
      return {Fault::bad_input, false, "the request is too large; shorten it"};
    case 429:
      return {Fault::unavailable, true, nullptr};
    default:
      break;
  }
  if (status >= 500) return {Fault::unavailable, true, nullptr};
  if (status >= 400) return {Fault::bad_input, false, nullptr};
  if (status >= 300) return {Fault::bad_reply, false, "redirects are not followed; is base_url right?"};
  return {Fault::bad_reply, false, nullptr};
}

std::optional<double> number(const std::string* text) {
  if (text == nullptr) return std::nullopt;
  double value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc() || end != text->data() + text->size() || !std::isfinite(value) || value < 0)
    return std::nullopt;
  return value;
}

}  // namespace

std::optional<Duration> retry_after(const HttpResponse& response) {
  constexpr double kLongest_s = 365.0 * 86'400;  // a bound for the arithmetic: more is never waited for anyway
  std::optional<double> seconds;
  if (const auto ms = number(response.header("retry-after-ms")))
    seconds = *ms / 1000;
  else
    seconds = number(response.header("retry-after"));
  if (!seconds) return std::nullopt;
  // Rounded up: as a floating-point number, 3 ms may be a nanosecond short of it.
  return Duration(static_cast<Duration::rep>(std::ceil(std::min(*seconds, kLongest_s) * 1e9)));
}

CallError openai_error(const HttpResponse& response) {
  const Said said = read(response.body);
  const bool disguised = response.status >= 200 && response.status <= 299;
  const int status = disguised && said.number >= 400 && said.number <= 599 ? said.number : response.status;
  const Verdict verdict = judge(status, said);

  CallError result;
  result.retry = verdict.retry;
  result.rate_limited = status == 429 && verdict.retry;
  if (result.rate_limited && said.type == "tokens") result.exhausted = Unit::tokens;
  if (result.rate_limited && said.type == "requests") result.exhausted = Unit::requests;
  result.ending = Ending::rejected;
  // The provider's own word on retrying: a no always counts, a yes where the kind of failure leaves it open.
  if (const std::string* word = response.header("x-should-retry")) {
    if (*word == "false") result.retry = false;
    if (*word == "true" && status >= 400 && verdict.advice == nullptr) result.retry = true;
  }
  if (result.retry) result.retry_after = retry_after(response);

  const std::string& kind = said.code.empty() ? said.type : said.code;
  std::string text = fmt::format("the provider answered {}", status);
  if (!kind.empty()) text += fmt::format(" ({})", excerpt(kind, 60));
  std::string_view message = said.message;
  while (!message.empty() && (message.back() == '.' || message.back() == '\n')) message.remove_suffix(1);
  if (!message.empty()) text += ": " + excerpt(message);
  if (verdict.advice != nullptr) text += fmt::format("; {}", verdict.advice);
  result.error = {verdict.fault, std::move(text)};
  return result;
}

}  // namespace weir
