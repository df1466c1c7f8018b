#include <array>
#include <nlohmann/json.hpp>

#include "tools/providers/anthropic.h"
#include "tools/providers/wire_error.h"
#include "tools/providers/wire_json.h"
#include "tools/providers/wire_time.h"

namespace weir {
namespace {

struct Dimension {
  Unit unit;
  const char* name;
};
constexpr std::array<Dimension, 4> kDimensions = {{{Unit::requests, "requests"},
                                                   {Unit::tokens, "tokens"},
                                                   {Unit::input_tokens, "input-tokens"},
                                                   {Unit::output_tokens, "output-tokens"}}};

// Of a 429: the one dimension of which nothing is left. `tokens` only repeats the tightest of the others.
std::optional<Unit> exhausted(const HttpResponse& response) {
  std::optional<Unit> found;
  for (const Reading& reading : anthropic_limits(response).readings) {
    if (reading.unit == Unit::tokens || reading.remaining != 0) continue;
    if (found) return std::nullopt;
    found = reading.unit;
  }
  return found;
}

// There are no codes for these. A wrong guess changes the advice, and whether the call counts as exhausted; neither is
// retried.
bool is_about_money(std::string_view message) {
  return message.find("credit balance is too low") != message.npos ||
         message.find("specified API usage limits") != message.npos;
}
bool is_about_length(std::string_view message) {
  return message.starts_with("prompt is too long") || message.find("exceed context limit") != message.npos;
}

}  // namespace

CallError anthropic_error(const HttpResponse& response) {
  ErrorSaid said = read_error(response.body);
  if (const auto body = parse_wire_json(response.body)) {
    const nlohmann::json* error = member(*body, "error");
    const nlohmann::json* details = error == nullptr ? nullptr : member(*error, "details");
    if (details != nullptr) said.code = text_of(member(*details, "error_code"));
  }
  const int status = status_of(response, said);
  Verdict verdict = usual_verdict(status, said);
  if (status == 400 && is_about_money(said.message)) verdict = usual_verdict(402, said);
  if (status == 400 && is_about_length(said.message))
    verdict.advice = "the prompt is too long for the model; shorten it or lower max_output_tokens";
  verdict.exhausted = exhausted(response);
  return call_error(response, status, said, verdict);
}

Feedback anthropic_limits(const HttpResponse& response) {
  Feedback feedback;
  for (const Dimension& dimension : kDimensions) {
    const std::string prefix = std::string("anthropic-ratelimit-") + dimension.name;
    Reading reading{.unit = dimension.unit};
    reading.limit = header_count(response.header(prefix + "-limit"));
    reading.remaining = header_count(response.header(prefix + "-remaining"));
    if (const std::string* text = response.header(prefix + "-reset"))
      if (const auto instant = rfc3339(*text)) reading.resets_in = until(response, *instant);
    if (reading.limit || reading.remaining) feedback.readings.push_back(reading);
  }
  return feedback;
}

}  // namespace weir
