#include "simulator/settings.h"

#include <charconv>

namespace simulator {
namespace {

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

Range parse_range(std::string_view text, std::string_view what, Range bounds) {
  const std::size_t dots = text.find("..");
  const auto low = whole_number(text.substr(0, dots));
  const auto high = dots == std::string_view::npos ? low : whole_number(text.substr(dots + 2));
  if (!low || !high || *low > *high || *low < bounds.low || *high > bounds.high) {
    throw BadSettings(std::string(what) + ": \"" + std::string(text) +
                      "\" is neither a number nor a range LOW..HIGH between " + std::to_string(bounds.low) + " and " +
                      std::to_string(bounds.high));
  }
  return {*low, *high};
}

Shape parse_shape(std::string_view text, std::string_view what) {
  if (text == "bucket") return Shape::bucket;
  if (text == "rolling") return Shape::rolling;
  if (text == "unlimited") return Shape::unlimited;
  throw BadSettings(std::string(what) + ": \"" + std::string(text) + "\" is not one of bucket, rolling, unlimited");
}

void check_limit(std::int64_t value, std::string_view what) {
  if (value >= 1 && value <= kLimitMax) return;
  throw BadSettings(std::string(what) + ": " + std::to_string(value) + " is not between 1 and " +
                    std::to_string(kLimitMax));
}

void check_share(double value, std::string_view what) {
  if (value >= 0 && value < 1) return;
  throw BadSettings(std::string(what) + ": " + std::to_string(value) + " is not at least 0 and less than 1");
}

Span slice_of(std::int64_t milliseconds, std::string_view what) {
  if (milliseconds >= kSliceBounds.low && milliseconds <= kSliceBounds.high) {
    return std::chrono::milliseconds(milliseconds);
  }
  throw BadSettings(std::string(what) + ": " + std::to_string(milliseconds) + " is not between " +
                    std::to_string(kSliceBounds.low) + " and " + std::to_string(kSliceBounds.high) + " milliseconds");
}

}  // namespace simulator
