// A table of TOML as JSON text, and texts from files that the configuration names.
// Errors:  what is wrong, to be put after the key.
// Threads: functions; text_of_file() reads a file.
#pragma once

#include <cstddef>
#include <string>
#include <tl/expected.hpp>

#include "config/document.h"

namespace weir {

// Dates have no form in JSON, nor have numbers that are not finite: they are refused.
tl::expected<std::string, std::string> json_text(const Node& node);

// An absolute path of a regular file of at most so many bytes.
tl::expected<std::string, std::string> text_of_file(const std::string& path, std::size_t bytes_max);

}  // namespace weir
