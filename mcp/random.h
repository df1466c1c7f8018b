// Bytes that nobody can guess.
// Errors:  throws std::runtime_error when the system gives none.
// Threads: any.
#pragma once

#include <cstddef>
#include <string>

namespace weir::mcp {

std::string random_bytes(std::size_t count);

}  // namespace weir::mcp
