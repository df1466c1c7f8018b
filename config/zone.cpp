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

WallTime next_midnight(std::string_view zone_name, WallTime now) {
  const auto utc = [&] { return std::chrono::floor<date::days>(now) + date::days(1); };
  const date::time_zone* zone = zone_name == kUtc ? nullptr : find_zone(zone_name);
  if (zone == nullptr) return utc();
  try {
    const auto at = std::chrono::floor<std::chrono::seconds>(now);
    const date::local_days next = date::floor<date::days>(zone->to_local(at)) + date::days(1);
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

}  // namespace weir
