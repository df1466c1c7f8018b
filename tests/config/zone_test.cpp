#include "config/zone.h"

#include <rapidcheck.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <ctime>

namespace weir {
namespace {

using namespace std::chrono_literals;

// UTC.
WallTime at(int year, unsigned month, unsigned day, std::chrono::nanoseconds time = 0s) {
  return std::chrono::sys_days(std::chrono::year(year) / static_cast<int>(month) / static_cast<int>(day)) + time;
}

// The calendar day of the zone, as the C library tells it: by the same tzdata, but other code.
std::tuple<int, int> day_by_libc(const char* zone, std::time_t when) {
  ::setenv("TZ", (std::string(":") + zone).c_str(), 1);
  ::tzset();
  std::tm local{};
  ::localtime_r(&when, &local);
  ::unsetenv("TZ");
  return {local.tm_year, local.tm_yday};
}

TEST_CASE("the next midnight of UTC is later than now, if by a nanosecond", "[zone]") {
  CHECK(next_midnight("UTC", at(2026, 7, 1)) == at(2026, 7, 2));
  CHECK(next_midnight("UTC", at(2026, 7, 1) - 1ns) == at(2026, 7, 1));
  CHECK(next_midnight("UTC", at(2026, 7, 1) + 1ns) == at(2026, 7, 2));
  CHECK(next_midnight("UTC", at(2024, 2, 28, 23h)) == at(2024, 2, 29));
  CHECK(next_midnight("UTC", at(1969, 12, 31, 1h)) == at(1970, 1, 1));
}

TEST_CASE("a zone's midnight moves with its summer time", "[zone]") {
  const char* zone = "America/Los_Angeles";
  CHECK(next_midnight(zone, at(2024, 1, 15, 7h + 59min)) == at(2024, 1, 15, 8h));
  CHECK(next_midnight(zone, at(2024, 1, 15, 8h)) == at(2024, 1, 16, 8h));
  CHECK(next_midnight(zone, at(2024, 1, 15, 8h) - 1ns) == at(2024, 1, 15, 8h));
  CHECK(next_midnight(zone, at(2024, 7, 15, 7h)) == at(2024, 7, 16, 7h));
  // 10 March 2024 has 23 hours there, 3 November 25.
  CHECK(next_midnight(zone, at(2024, 3, 10, 8h)) == at(2024, 3, 11, 7h));
  CHECK(next_midnight(zone, at(2024, 11, 3, 7h)) == at(2024, 11, 4, 8h));
}

TEST_CASE("a month ends at midnight of its last day, in its zone", "[zone]") {
  CHECK(next_month("UTC", at(2026, 11, 22)) == at(2026, 12, 1));
  CHECK(next_month("UTC", at(2026, 12, 31, 23h)) == at(2027, 1, 1));
  CHECK(next_month("UTC", at(2026, 12, 1) - 1ns) == at(2026, 12, 1));
  CHECK(next_month("UTC", at(2026, 12, 1)) == at(2027, 1, 1));
  CHECK(next_month("America/Los_Angeles", at(2024, 3, 1, 7h + 59min)) == at(2024, 3, 1, 8h));
  CHECK(next_month("America/Los_Angeles", at(2024, 3, 1, 8h)) == at(2024, 4, 1, 7h));
  CHECK(next_month("No/Where", at(2024, 2, 29)) == at(2024, 3, 1));
}

TEST_CASE("which day it is depends on the zone", "[zone]") {
  CHECK(day_of("UTC", at(2026, 11, 22)) == "2026-11-22");
  CHECK(day_of("UTC", at(2026, 11, 22) - 1ns) == "2026-11-21");
  CHECK(day_of("Asia/Tokyo", at(2026, 12, 31, 15h)) == "2027-01-01");
  CHECK(day_of("Asia/Tokyo", at(2026, 12, 31, 15h) - 1ns) == "2026-12-31");
  CHECK(day_of("America/Los_Angeles", at(2026, 7, 4, 6h + 59min)) == "2026-07-03");
  CHECK(day_of("No/Where", at(2026, 7, 4)) == "2026-07-04");
}

TEST_CASE("where clocks skip midnight, the day begins when they have", "[zone]") {
  // São Paulo, 3 November 2018, 24:00 at -3 is 4 November, 01:00 at -2.
  CHECK(next_midnight("America/Sao_Paulo", at(2018, 11, 3, 12h)) == at(2018, 11, 4, 3h));
  CHECK(next_midnight("America/Sao_Paulo", at(2018, 11, 4, 3h) - 1ns) == at(2018, 11, 4, 3h));
  CHECK(next_midnight("America/Sao_Paulo", at(2018, 11, 4, 3h)) == at(2018, 11, 5, 2h));
  // Beirut, 30 March 2024, 24:00 at +2 is 31 March, 01:00 at +3.
  CHECK(next_midnight("Asia/Beirut", at(2024, 3, 30, 12h)) == at(2024, 3, 30, 22h));
  CHECK(next_midnight("Asia/Beirut", at(2024, 3, 30, 22h)) == at(2024, 3, 31, 21h));
  // Apia skipped the whole of 30 December 2011.
  CHECK(next_midnight("Pacific/Apia", at(2011, 12, 30, 9h)) == at(2011, 12, 30, 10h));
  CHECK(next_midnight("Pacific/Apia", at(2011, 12, 30, 10h)) == at(2011, 12, 31, 10h));
}

TEST_CASE("where midnight comes twice, the day begins once", "[zone]") {
  // Havana, 3 November 2024: 01:00 at -4 becomes 00:00 at -5.
  CHECK(next_midnight("America/Havana", at(2024, 11, 2, 12h)) == at(2024, 11, 3, 4h));
  CHECK(next_midnight("America/Havana", at(2024, 11, 3, 4h)) == at(2024, 11, 4, 5h));
  CHECK(next_midnight("America/Havana", at(2024, 11, 3, 5h)) == at(2024, 11, 4, 5h));
  // St. John's, 7 November 2010: 00:01 at -2:30 becomes 23:01 of the day before at -3:30, and midnight comes again.
  CHECK(next_midnight("America/St_Johns", at(2010, 11, 7, 2h)) == at(2010, 11, 7, 2h + 30min));
  CHECK(next_midnight("America/St_Johns", at(2010, 11, 7, 2h + 45min)) == at(2010, 11, 7, 3h + 30min));
  CHECK(next_midnight("America/St_Johns", at(2010, 11, 7, 3h + 30min)) == at(2010, 11, 8, 3h + 30min));
}

TEST_CASE("the next midnight is where the C library sees the day change, in any zone at any time", "[zone]") {
  rc::check([] {
    const auto* zone = *rc::gen::element("America/Los_Angeles", "America/Sao_Paulo", "Asia/Beirut", "Pacific/Apia",
                                         "Australia/Lord_Howe", "Asia/Kathmandu", "Europe/Berlin", "America/Havana",
                                         "Africa/Casablanca", "Pacific/Kiritimati", "Antarctica/Troll", "UTC");
    const auto second = *rc::gen::inRange<std::time_t>(0, 2'100'000'000);
    const WallTime now(std::chrono::seconds(second) + std::chrono::nanoseconds(*rc::gen::inRange(0, 1'000'000'000)));
    const WallTime midnight = next_midnight(zone, now);
    RC_ASSERT(midnight > now);
    const auto there = std::chrono::floor<std::chrono::seconds>(midnight).time_since_epoch().count();
    const auto today = day_by_libc(zone, second);
    RC_ASSERT(day_by_libc(zone, there) != today);
    for (std::time_t before = there - 1; before > second; before -= 900) RC_ASSERT(day_by_libc(zone, before) == today);
  });
}

TEST_CASE("a zone is what tzdata names so, and UTC", "[zone]") {
  CHECK(is_zone("UTC"));
  CHECK(is_zone("America/Los_Angeles"));
  CHECK(is_zone("Etc/GMT+8"));
  for (const char* wrong : {"", "utc", "america/los_angeles", "America", "America/Los_Angeles ", "localtime", "PST",
                            "../../etc/passwd", "/usr/share/zoneinfo/UTC", "posix/UTC", "zone.tab", "+08:00"}) {
    INFO(wrong);
    CHECK_FALSE(is_zone(wrong));
    CHECK(object_to_zone(wrong));
  }
  CHECK_FALSE(object_to_zone("Europe/Berlin"));
}

TEST_CASE("of an unknown zone the nearest is named", "[zone]") {
  CHECK(object_to_zone("America/Los_Angles") ==
        "must be a time zone such as \"America/Los_Angeles\" or \"UTC\", not \"America/Los_Angles\"; did you mean "
        "\"America/Los_Angeles\"?");
  CHECK(object_to_zone("nowhere at all") ==
        "must be a time zone such as \"America/Los_Angeles\" or \"UTC\", not \"nowhere at all\"");
}

TEST_CASE("what is no zone has UTC's midnight", "[zone]") {
  CHECK(next_midnight("America/Nowhere", at(2026, 7, 1, 5h)) == at(2026, 7, 2));
}

}  // namespace
}  // namespace weir
