#include "tools/providers/wire_time.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdint>

namespace weir {
namespace {

struct Period {
  std::string_view name;
  double ns;
};
// "ms" before "m": the first that fits is taken.
constexpr Period kPeriods[] = {{"ms", 1e6}, {"h", 3600e9}, {"m", 60e9}, {"s", 1e9}};
constexpr double kLongest_ns = 400.0 * 86'400e9;

constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

// Reads a text from its start; after the first thing that does not fit, nothing fits.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  int digits(std::size_t count) {
    int value = 0;
    if (rest_.size() < count) good_ = false;
    for (std::size_t i = 0; good_ && i < count; ++i) {
      if (rest_[i] < '0' || rest_[i] > '9') good_ = false;
      value = value * 10 + (rest_[i] - '0');
    }
    if (good_) rest_.remove_prefix(count);
    return good_ ? value : 0;
  }

  void expect(std::string_view word) {
    if (good_ && rest_.starts_with(word))
      rest_.remove_prefix(word.size());
    else
      good_ = false;
  }

  bool next_is(char c) const { return good_ && rest_.starts_with(c); }
  bool next_is_digit() const { return good_ && !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9'; }
  std::string_view take(std::size_t count) {
    if (rest_.size() < count) good_ = false;
    if (!good_) return {};
    const std::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }
  bool at_end() const { return good_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool good_ = true;
};

struct Civil {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
};

std::optional<Duration> since_1970(const Civil& c) {
  const std::chrono::year_month_day date{std::chrono::year(c.year), std::chrono::month(static_cast<unsigned>(c.month)),
                                         std::chrono::day(static_cast<unsigned>(c.day))};
  // A leap second is the one before it.
  if (c.year < 1970 || c.year > 2199 || !date.ok() || c.hour > 23 || c.minute > 59 || c.second > 60)
    return std::nullopt;
  return std::chrono::sys_days(date).time_since_epoch() + std::chrono::hours(c.hour) + std::chrono::minutes(c.minute) +
         std::chrono::seconds(std::min(c.second, 59));
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

std::optional<std::int64_t> header_count(const std::string* text) {
  if (text == nullptr) return std::nullopt;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc() || end != text->data() + text->size() || value < 0) return std::nullopt;
  return value;
}

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
  return Duration(std::llround(ns));
}

std::optional<Duration> http_date(std::string_view text) {
  Scanner in(text);
  Civil c;
  in.take(3);  // the day of the week
  in.expect(", ");
  c.day = in.digits(2);
  in.expect(" ");
  const auto month = std::find(kMonths.begin(), kMonths.end(), in.take(3));
  if (month == kMonths.end()) return std::nullopt;
  c.month = static_cast<int>(month - kMonths.begin()) + 1;
  in.expect(" ");
  c.year = in.digits(4);
  in.expect(" ");
  c.hour = in.digits(2);
  in.expect(":");
  c.minute = in.digits(2);
  in.expect(":");
  c.second = in.digits(2);
  in.expect(" GMT");
  return in.at_end() ? since_1970(c) : std::nullopt;
}

std::optional<Duration> rfc3339(std::string_view text) {
  Scanner in(text);
  Civil c;
  c.year = in.digits(4);
  in.expect("-");
  c.month = in.digits(2);
  in.expect("-");
  c.day = in.digits(2);
  in.expect(in.next_is('t') ? "t" : in.next_is(' ') ? " " : "T");
  c.hour = in.digits(2);
  in.expect(":");
  c.minute = in.digits(2);
  in.expect(":");
  c.second = in.digits(2);
  Duration fraction{0};
  if (in.next_is('.')) {
    in.expect(".");
    std::int64_t unit = 100'000'000;
    do {
      fraction += Duration(in.digits(1) * unit);
      unit /= 10;
    } while (in.next_is_digit());
  }
  Duration offset{0};
  if (in.next_is('Z') || in.next_is('z')) {
    in.take(1);
  } else {
    const bool east = in.next_is('+');
    in.expect(east ? "+" : "-");
    const int hours = in.digits(2);
    in.expect(":");
    const int minutes = in.digits(2);
    if (hours > 23 || minutes > 59) return std::nullopt;
    offset = std::chrono::hours(hours) + std::chrono::minutes(minutes);
    if (!east) offset = -offset;
  }
  const auto whole = since_1970(c);
  if (!in.at_end() || !whole) return std::nullopt;
  return *whole + fraction - offset;
}

std::optional<Duration> until(const HttpResponse& response, Duration instant) {
  const std::string* date = response.header("date");
  const auto now = date == nullptr ? std::nullopt : http_date(*date);
  if (!now) return std::nullopt;
  return std::max(instant - *now, Duration{0});
}

std::optional<Duration> retry_after(const HttpResponse& response) {
  constexpr double kLongest_s = 365.0 * 86'400;  // a bound for the arithmetic: more is never waited for anyway
  std::optional<double> seconds;
  if (const auto ms = number(response.header("retry-after-ms")))
    seconds = *ms / 1000;
  else
    seconds = number(response.header("retry-after"));
  // Rounded up: as a floating-point number, 3 ms may be a nanosecond short of it.
  if (seconds) return Duration(static_cast<Duration::rep>(std::ceil(std::min(*seconds, kLongest_s) * 1e9)));
  const std::string* text = response.header("retry-after");
  const auto instant = text == nullptr ? std::nullopt : http_date(*text);
  return instant ? until(response, *instant) : std::nullopt;
}

}  // namespace weir
