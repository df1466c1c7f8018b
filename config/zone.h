// Calendar days of the world's time zones, by the system's tzdata. The one place that knows the `date` library.
// Shape:   a zone is an IANA name, "America/Los_Angeles", as tzdata spells it; or "UTC", which needs no tzdata. The
//          machine's own zone ("localtime") is none: the same file would mean something else on each machine.
// Units:   instants of the system clock.
// Errors:  object_to_zone() says what is wrong, to be put after the key; nothing if it is a zone. What is no zone has
//          UTC's midnight.
// Threads: functions; the first call for a zone reads its file, later ones read nothing.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "config/addresses.h"

namespace weir {

using WallTime = std::chrono::sys_time<std::chrono::nanoseconds>;

bool is_zone(std::string_view name);
Objection object_to_zone(std::string_view name);

// The first instant, later than `now`, of the next calendar day of the zone: its midnight, or where clocks skip that,
// the first instant that the day has.
WallTime next_midnight(std::string_view zone, WallTime now);
// The same of the next calendar month's first day.
WallTime next_month(std::string_view zone, WallTime now);

// Which day it is there: "2026-11-22".
std::string day_of(std::string_view zone, WallTime now);

}  // namespace weir
