#include "config/units.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <optional>
#include <utility>

#include "config/mistakes.h"

namespace weir {
namespace {

constexpr std::pair<std::string_view, std::int64_t> kDurationUnits[] = {
    {"h", 3'600'000'000'000}, {"m", 60'000'000'000}, {"s", 1'000'000'000}, {"ms", 1'000'000}};
constexpr std::pair<std::string_view, std::int64_t> kSizeUnits[] = {
    {"GiB", std::int64_t{1} << 30}, {"MiB", std::int64_t{1} << 20}, {"KiB", std::int64_t{1} << 10}};
// Six decimals of any unit of time are whole nanoseconds, and of a dollar per million tokens whole picodollars per
// token.
constexpr std::size_t kDecimalsMax = 6;
constexpr std::int64_t kMillion = 1'000'000;
constexpr std::int64_t kDollarsMax = 1'000'000;  // per million tokens

bool all_digits(std::string_view text) { return !text.empty() && text.find_first_not_of("0123456789") == text.npos; }

std::optional<std::int64_t> whole(std::string_view digits) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (!all_digits(digits) || error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

// units * (whole + millionths / 1,000,000), or nothing when that leaves 64 bits. `units` is a multiple of a million, or
// millionths is 0: nothing is rounded.
std::optional<std::int64_t> times(std::int64_t units, std::int64_t whole_part, std::int64_t millionths) {
  std::int64_t product = 0;
  if (__builtin_mul_overflow(units, whole_part, &product)) return std::nullopt;
  if (__builtin_add_overflow(product, units / kMillion * millionths, &product)) return std::nullopt;
  return product;
}

// Millionths as a decimal fraction without trailing zeros: 1500000 is "1.5".
std::string decimal(std::int64_t millionths) {
  std::string text = fmt::format("{}.{:06}", millionths / kMillion, millionths % kMillion);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

}  // namespace

Read<Duration> parse_duration(std::string_view text) {
  const auto wrong = [&](std::string_view why) -> Read<Duration> {
    return tl::unexpected(
        fmt::format("must be a duration such as \"250ms\", \"30s\", \"2m\" or \"1h\", not {}{}", in_quotes(text), why));
  };
  const std::size_t unit_at = std::min(text.find_first_not_of("0123456789."), text.size());
  const std::string_view number = text.substr(0, unit_at), unit = text.substr(unit_at);
  if (unit.empty() && all_digits(number)) return wrong(": the unit is missing");
  for (const auto& [name, nanoseconds] : kDurationUnits) {
    if (name != unit) continue;
    const std::size_t point = number.find('.');
    const std::string_view whole_part = number.substr(0, point);
    std::string decimals(point == number.npos ? "0" : number.substr(point + 1));
    if (!all_digits(whole_part) || !all_digits(decimals)) break;
    if (decimals.size() > kDecimalsMax) return wrong(": it has more than six decimals");
    decimals.resize(kDecimalsMax, '0');
    const auto read = whole(whole_part);
    const auto total = read ? times(nanoseconds, *read, *whole(decimals)) : std::nullopt;
    if (!total) return wrong(": it is too long");
    return Duration(*total);
  }
  return wrong("");
}

Read<std::int64_t> parse_size(std::string_view text) {
  const std::size_t unit_at = std::min(text.find_first_not_of("0123456789"), text.size());
  for (const auto& [name, bytes] : kSizeUnits) {
    if (name != text.substr(unit_at) || unit_at == 0) continue;
    const auto read = whole(text.substr(0, unit_at));
    const auto total = read ? times(bytes, *read, 0) : std::nullopt;
    if (!total) return tl::unexpected(fmt::format("must be a size below 8 EiB, not {}", in_quotes(text)));
    return *total;
  }
  return tl::unexpected(fmt::format(
      "must be a size such as \"64KiB\", \"2MiB\" or \"1GiB\", or a number of bytes, not {}", in_quotes(text)));
}

Read<std::int64_t> parse_price(double dollars) {
  if (!(dollars >= 0 && dollars <= static_cast<double>(kDollarsMax))) {
    return tl::unexpected(
        fmt::format("must be from 0 to {} US dollars per million tokens, not {}", kDollarsMax, dollars));
  }
  // A decimal fraction has no exact double, but the double nearest to n/10^6 is what the division gives, correctly
  // rounded: so the price has at most six decimals if and only if it is that double.
  const auto picodollars = static_cast<std::int64_t>(std::llround(dollars * kMillion));
  if (static_cast<double>(picodollars) / static_cast<double>(kMillion) != dollars) {
    return tl::unexpected(
        fmt::format("must have at most six decimals (US dollars per million tokens), not {}", dollars));
  }
  return picodollars;
}

std::string format_duration(Duration duration) {
  const std::int64_t count = duration.count();
  if (count == 0) return "0s";
  for (const auto& [name, nanoseconds] : kDurationUnits) {
    if (count % nanoseconds == 0) return fmt::format("{}{}", count / nanoseconds, name);
  }
  return decimal(count) + "ms";  // nanoseconds are millionths of a millisecond
}

std::string format_size(std::int64_t bytes) {
  for (const auto& [name, unit] : kSizeUnits) {
    if (bytes != 0 && bytes % unit == 0) return fmt::format("{}{}", bytes / unit, name);
  }
  return fmt::format("{}", bytes);
}

std::string format_price(std::int64_t picodollars) { return decimal(picodollars); }

}  // namespace weir
