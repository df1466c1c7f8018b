// Where a secret is kept: "env:NAME", or "file:/path" (a trailing newline is not part of it).
// Errors:  what is wrong with the source, never a character of a secret; nor of what was written, when that may be one
//          itself.
// Threads: a function; it reads the environment and the file.
#pragma once

#include <optional>
#include <string>
#include <tl/expected.hpp>

#include "config/config.h"
#include "config/secret.h"

namespace weir {

// Why nothing can be read from a file; nothing if something can. Its path must be absolute, and it no pipe or device.
std::optional<std::string> object_to_file(const std::string& path);

tl::expected<Secret, std::string> read_secret(const std::string& source, const Environment& environment);

}  // namespace weir
