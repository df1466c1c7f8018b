// How mistakes and violations speak of values: kinds, lists of values, and texts of bounded length.
// Threads: functions of values.
#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace weir::schema {

std::string_view kind_of(const nlohmann::json& value);  // "a string", "an integer", "null", ...
unsigned type_bits(const nlohmann::json& value);        // nodes.h: all that the value is
std::string type_names(unsigned types);                 // "a string or null"
nlohmann::json type_list(unsigned types);               // ["string", "null"]; a number is not listed as an integer too
unsigned type_bit(std::string_view name);               // "string"; 0 = no such type

// No more than so many bytes, cut between characters, and "..." where it was cut.
std::string clipped(std::string_view text, std::size_t bytes_max);
std::string shown(const nlohmann::json& value, std::size_t bytes_max);        // as JSON, clipped
std::string shown_list(const nlohmann::json& values, std::size_t bytes_max);  // "a", "b" or null

}  // namespace weir::schema
