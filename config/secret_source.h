// Where a secret is kept: "env:NAME", or "file:/path" (a trailing newline is not part of it).
// Errors:  what is wrong with the source, never a character of a secret; nor of what was written, when that may be one
// itself. Threads: a function; it reads the environment and the file.
#pragma once

#include <string>
#include <tl/expected.hpp>

#include "config/config.h"
#include "config/secret.h"

namespace weir {

tl::expected<Secret, std::string> read_secret(const std::string& source, const Environment& environment);

}  // namespace weir
