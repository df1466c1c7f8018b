#include <charconv>
#include <cstdint>

#include "tools/providers/openai.h"
#include "tools/providers/wire_time.h"

namespace weir {
namespace {

std::optional<std::int64_t> count(const std::string* text) {
  if (text == nullptr) return std::nullopt;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc() || end != text->data() + text->size() || value < 0) return std::nullopt;
  return value;
}

}  // namespace

Feedback openai_limits(const HttpResponse& response) {
  Feedback feedback;
  const auto read = [&](Unit unit, const std::string& dimension) {
    Reading reading{.unit = unit};
    reading.limit = count(response.header("x-ratelimit-limit-" + dimension));
    reading.remaining = count(response.header("x-ratelimit-remaining-" + dimension));
    if (const std::string* resets = response.header("x-ratelimit-reset-" + dimension))
      reading.resets_in = go_duration(*resets);
    if (reading.limit || reading.remaining) feedback.readings.push_back(reading);
  };
  read(Unit::requests, "requests");
  read(Unit::tokens, "tokens");
  read(Unit::tokens, "project-tokens");
  return feedback;
}

}  // namespace weir
