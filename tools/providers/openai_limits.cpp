#include <charconv>
#include <cstdint>
#include <limits>

#include "tools/providers/openai.h"

namespace weir {
namespace {

std::optional<std::int64_t> count(const std::string* text) {
  if (text == nullptr) return std::nullopt;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc() || end != text->data() + text->size() || value < 0) return std::nullopt;
  return value;
}

struct Period {
  std::string_view name;
  double ns;
};
// "ms" before "m": the first that fits is taken.
constexpr Period kPeriods[] = {{"ms", 1e6}, {"h", 3600e9}, {"m", 60e9}, {"s", 1e9}};
constexpr double kLongest_ns = 400.0 * 86'400e9;

}  // namespace

std::optional<Duration> go_duration(std::string_view text) {
  double ns = 0;
  if (text.empty()) return std::nullopt;
  while (!text.empty()) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
    if (error != std::errc() || value < 0 || !(value < kLongest_ns)) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    const Period* period = nullptr;
    for (const Period& one : kPeriods)
      if (period == nullptr && text.starts_with(one.name)) period = &one;
    if (period == nullptr) return std::nullopt;
    text.remove_prefix(period->name.size());
    ns += value * period->ns;
  }
  if (ns > kLongest_ns) return std::nullopt;
  return Duration(static_cast<std::int64_t>(ns));
}

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
