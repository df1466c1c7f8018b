// JSON as the dialects read and write it: in the order in which it was written.
// Input:   any bytes; what is nested deeper than kNestingMax is no JSON here, so that no parser runs out of stack.
// Threads: pure functions.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "simulator/dialect.h"

namespace simulator {

inline constexpr int kNestingMax = 100;
inline constexpr std::size_t kStreamPiecesMax = 512;

nlohmann::ordered_json parse_json(std::string_view text);  // discarded: it is none
std::string dump(const nlohmann::ordered_json& json);
std::string dump_for_people(const nlohmann::ordered_json& json);  // over several lines

// The value of a field, or null when it is missing or null.
const nlohmann::ordered_json& get(const nlohmann::ordered_json& object, std::string_view name);

std::string event(const nlohmann::ordered_json& json);  // data: …
std::string event(std::string_view name, const nlohmann::ordered_json& json);

std::string hex(std::uint64_t id);
std::string rfc3339(std::int64_t unix_time);

http::Response json_response(int status, const nlohmann::ordered_json& body, http::Headers headers, Span latency);
http::Response stream_response(std::vector<std::string> events, http::Headers headers, Span latency);

// A text's direction as numbers between -1 and 1, of length 1: texts with words in common point in similar directions.
std::vector<float> direction_of(std::string_view text, std::int64_t dimensions);
std::string base64_of(const std::vector<float>& numbers);  // little-endian float32

}  // namespace simulator
