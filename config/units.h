// Durations, sizes and prices as a configuration writes them, in both directions. What format_… writes, parse_… reads
// back.
// Units:   nanoseconds; bytes; picodollars per token (from US dollars per million tokens, at most six decimals).
// Errors:  what would be right, to be put after the key: `must be a duration such as "30s", not "30"`.
// Threads: functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "config/config.h"

namespace weir {

template <typename T>
using Read = tl::expected<T, std::string>;

Read<Duration> parse_duration(std::string_view text);  // "250ms", "30s", "1.5s", "2m", "1h"
Read<std::int64_t> parse_size(std::string_view text);  // "64KiB", "2MiB", "1GiB"
Read<std::int64_t> parse_price(double dollars_per_million);

std::string format_duration(Duration duration);
std::string format_size(std::int64_t bytes);         // "2MiB"; bytes that are no whole KiB as a plain number
std::string format_price(std::int64_t picodollars);  // "0.1", as dollars per million tokens

}  // namespace weir
