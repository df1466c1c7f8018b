// JSON from a provider: read within bounds, looked into without exceptions.
// Invariant: what is deeper or larger than the bounds is turned away before a tree is built of it, so that an answer of
// a
//            few megabytes of brackets can neither exhaust the stack nor grow to a hundred times its size.
// Threads: pure functions.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace weir {

inline constexpr int kWireDepthMax = 64;
inline constexpr std::int64_t kWireValuesMax = 200'000;

// The value, or nothing: not JSON, not UTF-8, or beyond the bounds.
std::optional<nlohmann::json> parse_wire_json(std::string_view text, std::int64_t values_max = kWireValuesMax);

// The member of an object; null when `json` is no object or lacks it.
const nlohmann::json* member(const nlohmann::json& json, const char* name);
// The text of a string; empty for anything else.
std::string text_of(const nlohmann::json* json);
// A count of tokens; nothing for what is none: negative, fractional, beyond what any model reads or writes.
std::optional<std::int64_t> count_of(const nlohmann::json* json);
// The same of a detail, which is 0 where a server leaves it out or sets it to null: usage[details][name].
std::optional<std::int64_t> detail_of(const nlohmann::json& usage, const char* details, const char* name);
std::optional<std::int64_t> detail_of(const nlohmann::json& usage, const char* name);

}  // namespace weir
