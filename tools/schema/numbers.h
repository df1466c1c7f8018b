// JSON values compared as JSON Schema means it: 1 is 1.0, a whole 5.0 is an integer, and 0.3 is a multiple of 0.1.
// Shape:   Number holds every int64, uint64 and double exactly, so comparing is exact. Decimal is digits * 10^exponent,
//          as the number is written shortest; not-a-number and infinities have none.
// Errors:  none; what is compared may be of any type. equal() and hash() spend one step for each value they visit, and
//          give up when none are left: then `steps` is 0.
// Bounds:  recursive; the caller has bounded the depth by too_deep().
// Threads: functions of values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <nlohmann/json_fwd.hpp>
#include <optional>

namespace weir::schema {

using Number = long double;
static_assert(std::numeric_limits<Number>::digits >= 64, "a long double has to hold every 64-bit integer");

struct Decimal {
  std::uint64_t digits = 0;  // does not end in 0, but for 0 itself; the sign is left out
  int exponent = 0;
  bool operator==(const Decimal&) const = default;
};

Number number_of(const nlohmann::json& number);
bool is_whole(const nlohmann::json& value);  // a number without a fraction
std::optional<Decimal> decimal_of(const nlohmann::json& number);
bool is_multiple(const Decimal& number, const Decimal& of);  // of is not 0

bool equal(const nlohmann::json& a, const nlohmann::json& b, std::uint64_t& steps);
std::size_t hash(const nlohmann::json& value, std::uint64_t& steps);  // the same for what is equal

// Whether values are nested in each other more than `depth` deep: {} is 1, [[]] is 2.
bool too_deep(const nlohmann::json& value, std::size_t depth);

}  // namespace weir::schema
