#include "config/zone.h"

#include <date/tz.h>
#include <fmt/format.h>

#include <exception>
#include <vector>

#include "config/mistakes.h"

namespace weir {
namespace {

using std::chrono::nanoseconds;

constexpr std::string_view kUtc = "UTC", kOfThisMachine = "localtime";

// Null: no such zone, or its file is missing or broken. The library throws in each case.
const date::time_zone* find_zone(std::string_view name) {
  if (name == kOfThisMachine) return nullptr;
  try {
    const date::time_zone* zone = date::locate_zone(name);
    zone->get_info(date::sys_seconds{});  // reads its file now: what can be read today can be read at midnight
    return zone;
  } catch (const std::exception&) {
    return nullptr;
  }
}

std::vector<std::string> known_zones() {
  std::vector<std::string> names;
  try {
    for (const date::time_zone& zone : date::get_tzdb().zones) {
      if (zone.name() != kOfThisMachine) names.push_back(zone.name());
    }
  } catch (const std::exception&) {
    names.clear();
  }
  return names;
}

const date::time_zone* zone_by(std::string_view name) { return name == kUtc ? nullptr : find_zone(name); }

// Null: UTC's.
date::local_days today(const date::time_zone* zone, WallTime now) {
  const auto at = std::chrono::floor<std::chrono::seconds>(now);
  if (zone != nullptr) {
    try {
      return date::floor<date::days>(zone->to_local(at));
    } catch (const std::exception&) {
    }
  }
  return date::local_days(date::floor<date::days>(at.time_since_epoch()));
}

// When the day begins that `after` makes of today.
WallTime next_day(std::string_view zone_name, WallTime now, date::local_days (*after)(date::local_days)) {
  const auto utc = [&] { return WallTime(after(today(nullptr, now)).time_since_epoch()); };
  const date::time_zone* zone = zone_by(zone_name);
  if (zone == nullptr) return utc();
  try {
    const date::local_days next = after(today(zone, now));
    const date::local_info midnight = zone->get_info(date::local_seconds(next));
    // Skipped: the day begins where the gap ends. Twice, because clocks go back over it: the first that is to come.
    if (midnight.result == date::local_info::nonexistent) return midnight.first.end;
    const date::sys_seconds first{date::local_seconds(next).time_since_epoch() - midnight.first.offset};
    if (first > now || midnight.result == date::local_info::unique) return first;
    return date::sys_seconds{date::local_seconds(next).time_since_epoch() - midnight.second.offset};
  } catch (const std::exception&) {
    return utc();
  }
}

}  // namespace

bool is_zone(std::string_view name) { return name == kUtc || find_zone(name) != nullptr; }

Objection object_to_zone(std::string_view name) {
  if (is_zone(name)) return std::nullopt;
  const std::vector<std::string> known = known_zones();
  if (known.empty()) {
    return fmt::format("names the time zone {}, but this machine knows none beside \"UTC\"; install tzdata",
                       in_quotes(name));
  }
  // There are hundreds: they are not listed, and what is near nothing gets an example.
  const std::string near = nearest(name, known);
  return fmt::format("must be a time zone such as \"America/Los_Angeles\" or \"UTC\", not {}{}", in_quotes(name),
                     near.empty() ? "" : fmt::format("; did you mean {}?", in_quotes(near)));
}

WallTime next_midnight(std::string_view zone, WallTime now) {
  return next_day(zone, now, [](date::local_days today) { return today + date::days(1); });
}

WallTime next_month(std::string_view zone, WallTime now) {
  return next_day(zone, now, [](date::local_days today) {
    const date::year_month_day day(today);
    return date::local_days(day.year() / day.month() / 1 + date::months(1));
  });
}

std::string day_of(std::string_view zone, WallTime now) {
  const date::year_month_day day(today(zone_by(zone), now));
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(day.year()), static_cast<unsigned>(day.month()),
                     static_cast<unsigned>(day.day()));
}

}  // namespace weir
