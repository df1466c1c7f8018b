// Texts as TOML writes them, so that any string reads back as it was.
// Threads: functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace weir {

std::string toml_string(std::string_view text);  // "…" on one line
std::string toml_prose(std::string_view text);   // """…""" over several lines, if it has line breaks
std::string toml_key(std::string_view key);      // bare if it may be, else a string
std::string toml_strings(const std::vector<std::string>& items);

}  // namespace weir
