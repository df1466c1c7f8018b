// The time range of a question, as people write it.
// Shape:   "90m", "24h", "7d", "4w": so long ago; "today", "yesterday"; "2026-11-22", "2026-11-22T10:30" (a Z at the
// end
//          is allowed): UTC, as all sums are.
// Units:   microseconds of the system clock, as the ledger has them.
// Errors:  what, and what would be right; `name` is the argument's.
// Threads: functions of values.
#pragma once

#include <cstdint>
#include <string>

#include "config/result.h"
#include "config/zone.h"

namespace weir {

inline constexpr std::int64_t kHourUs = 3'600'000'000;
inline constexpr std::int64_t kDayUs = 24 * kHourUs;

std::int64_t us_of(WallTime time);
// Where the range begins; included.
Result<std::int64_t> since_us(const std::string& name, const std::string& text, WallTime now);
// Where it ends; excluded. A day stands for its end.
Result<std::int64_t> until_us(const std::string& name, const std::string& text, WallTime now);

// "2026-11-22", "2026-11".
std::string day_of(std::int64_t us);
std::string month_of(std::int64_t us);
std::int64_t month_start_us(std::int64_t us);

}  // namespace weir
