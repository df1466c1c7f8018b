#include "tools/ledger/usage_times.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>

namespace weir {
namespace {

using std::chrono::day;
using std::chrono::month;
using std::chrono::sys_days;
using std::chrono::year;
using std::chrono::year_month_day;

constexpr int kYearsAgoMax = 200;

struct Point {
  std::int64_t us = 0;
  bool whole_day = false;
};

std::optional<int> digits(const std::string& text, std::size_t at, std::size_t count) {
  if (at + count > text.size()) return std::nullopt;
  int value = 0;
  for (std::size_t i = at; i < at + count; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

std::optional<Point> ago(const std::string& text, std::int64_t now) {
  std::int64_t amount = 0;
  const char* end = text.data() + text.size() - 1;
  const auto [last, error] = std::from_chars(text.data(), end, amount);
  if (error != std::errc() || last != end || amount < 0) return std::nullopt;
  const std::int64_t unit = text.back() == 'm'   ? kHourUs / 60
                            : text.back() == 'h' ? kHourUs
                            : text.back() == 'd' ? kDayUs
                            : text.back() == 'w' ? 7 * kDayUs
                                                 : 0;
  if (unit == 0 || amount > kYearsAgoMax * 365 * kDayUs / unit) return std::nullopt;
  return Point{now - amount * unit, false};
}

std::optional<Point> calendar(std::string text) {
  if (text.ends_with('Z')) text.pop_back();
  const auto years = digits(text, 0, 4), months = digits(text, 5, 2), days = digits(text, 8, 2);
  if (!years || !months || !days || text[4] != '-' || text[7] != '-') return std::nullopt;
  const year_month_day date{year(*years), month(static_cast<unsigned>(*months)), day(static_cast<unsigned>(*days))};
  if (!date.ok() || *years < 1970) return std::nullopt;
  Point point{us_of(sys_days(date)), text.size() == 10};
  if (point.whole_day) return point;
  const auto hours = digits(text, 11, 2), minutes = digits(text, 14, 2);
  const auto seconds = text.size() == 19 && text[16] == ':' ? digits(text, 17, 2) : std::optional<int>(0);
  if ((text.size() != 16 && text.size() != 19) || (text[10] != 'T' && text[10] != ' ') || text[13] != ':' || !hours ||
      !minutes || !seconds || *hours > 23 || *minutes > 59 || *seconds > 59)
    return std::nullopt;
  point.us += *hours * kHourUs + *minutes * (kHourUs / 60) + *seconds * std::int64_t{1'000'000};
  return point;
}

Result<Point> point_of(const std::string& name, const std::string& text, WallTime wall) {
  const std::int64_t now = us_of(wall), today = now / kDayUs * kDayUs;
  std::optional<Point> point;
  if (text == "today") point = Point{today, true};
  if (text == "yesterday") point = Point{today - kDayUs, true};
  if (!point && !text.empty()) point = ago(text, now);
  if (!point) point = calendar(text);
  if (point) return *point;
  return fail(Fault::bad_input,
              fmt::format("{}: \"{}\" is no time; expected so long ago (\"90m\", \"24h\", \"7d\", \"4w\"), "
                          "\"today\", \"yesterday\", or a day or time in UTC (\"2026-11-22\", "
                          "\"2026-11-22T10:30\")",
                          name, text.substr(0, 60)));
}

year_month_day date_of(std::int64_t us) {
  return year_month_day(std::chrono::floor<std::chrono::days>(
      std::chrono::sys_time<std::chrono::microseconds>(std::chrono::microseconds(us))));
}

}  // namespace

std::int64_t us_of(WallTime time) {
  return std::chrono::floor<std::chrono::microseconds>(time).time_since_epoch().count();
}

Result<std::int64_t> since_us(const std::string& name, const std::string& text, WallTime now) {
  return point_of(name, text, now).map([](const Point& point) { return point.us; });
}

Result<std::int64_t> until_us(const std::string& name, const std::string& text, WallTime now) {
  return point_of(name, text, now).map([](const Point& point) { return point.us + (point.whole_day ? kDayUs : 0); });
}

std::string day_of(std::int64_t us) {
  const auto date = date_of(us);
  return fmt::format("{:04}-{:02}-{:02}", int(date.year()), unsigned(date.month()), unsigned(date.day()));
}

std::string month_of(std::int64_t us) { return day_of(us).substr(0, 7); }

std::int64_t month_start_us(std::int64_t us) {
  const auto date = date_of(us);
  return us_of(sys_days(date.year() / date.month() / 1));
}

}  // namespace weir
