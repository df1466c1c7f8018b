#include <charconv>
#include <nlohmann/json.hpp>

#include "tools/providers/google.h"
#include "tools/providers/wire_error.h"
#include "tools/providers/wire_json.h"
#include "tools/providers/wire_time.h"

namespace weir {
namespace {

using nlohmann::json;

// What `error.details` has, in any order: the quotas that refused, when to come back, and a reason.
struct Details {
  std::optional<Duration> wait{};
  bool per_day = false, of_requests = false, of_input = false;
  std::string reason{};
};

// "42s", "290.979975ms", "156h14m36.7s", or protobuf's {"seconds": "123", "nanos": 5}.
std::optional<Duration> retry_delay(const json* delay) {
  if (delay == nullptr) return std::nullopt;
  if (delay->is_string()) return go_duration(delay->get_ref<const std::string&>());
  const json* seconds = member(*delay, "seconds");
  if (seconds == nullptr) return std::nullopt;
  if (seconds->is_string()) return go_duration(seconds->get<std::string>() + "s");
  const auto count = count_of(seconds);
  return count ? go_duration(std::to_string(*count) + "s") : std::nullopt;
}

void read_violation(Details& details, const json& violation) {
  const std::string id = text_of(member(violation, "quotaId"));
  const bool per_day = id.find("PerDay") != id.npos;
  const bool of_input = id.find("InputTokens") != id.npos;
  details.per_day = details.per_day || per_day;
  details.of_input = details.of_input || of_input;
  details.of_requests = details.of_requests || (!of_input && id.find("Requests") != id.npos);
}

Details read_details(const std::string& body) {
  Details details;
  const auto parsed = parse_wire_json(body);
  if (!parsed) return details;
  const json& answer = parsed->is_array() && !parsed->empty() ? parsed->front() : *parsed;
  const json* error = member(answer, "error");
  const json* list = error == nullptr ? nullptr : member(*error, "details");
  if (list == nullptr || !list->is_array()) return details;
  for (const json& detail : *list) {
    const std::string type = text_of(member(detail, "@type"));
    if (type.ends_with(".RetryInfo")) details.wait = retry_delay(member(detail, "retryDelay"));
    if (type.ends_with(".ErrorInfo")) details.reason = text_of(member(detail, "reason"));
    const json* violations = type.ends_with(".QuotaFailure") ? member(detail, "violations") : nullptr;
    if (violations != nullptr && violations->is_array())
      for (const json& violation : *violations) read_violation(details, violation);
  }
  return details;
}

// "Please retry in 34.07s.", where there is no RetryInfo.
std::optional<Duration> wait_in_words(std::string_view message) {
  constexpr std::string_view kWords = "Please retry in ";
  const auto at = message.find(kWords);
  if (at == message.npos) return std::nullopt;
  std::string_view rest = message.substr(at + kWords.size());
  rest = rest.substr(0, rest.find_first_not_of("0123456789.hms"));
  while (rest.ends_with('.')) rest.remove_suffix(1);
  return go_duration(rest);
}

}  // namespace

CallError google_error(const HttpResponse& response) {
  ErrorSaid said = read_error(response.body);
  const Details details = read_details(response.body);
  if (!details.reason.empty()) said.code = details.reason;
  const int status = status_of(response, said);
  Verdict verdict = usual_verdict(status, said);
  if (status == 400 && said.code == "API_KEY_INVALID") verdict = usual_verdict(401, said);
  if (status == 400 && said.message.find("exceeds the maximum number of tokens") != std::string::npos)
    verdict.advice = "the prompt is too long for the model; shorten it";
  if (status == 429 && details.per_day) {
    verdict = {.fault = Fault::exhausted,
               .advice = "the day's quota is used up until midnight in Los Angeles",
               .exhausted = details.of_input ? Unit::input_tokens : Unit::requests,
               .until_midnight_in = "America/Los_Angeles"};
  } else if (status == 429) {
    verdict.retry_after = details.wait ? details.wait : wait_in_words(said.message);
    if (details.of_input != details.of_requests)
      verdict.exhausted = details.of_input ? Unit::input_tokens : Unit::requests;
  }
  return call_error(response, status, said, verdict);
}

}  // namespace weir
