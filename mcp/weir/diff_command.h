// `weir check --diff`: what a reload of the configuration would change, against a server that runs or another file.
// Shape:   a line each, as config/diff.h writes it, with what needs a restart; then how many there are. "no change"
//          when nothing would.
// Errors:  a server or file that cannot be asked is said on `err`.
// Threads: runs its loop on the caller's thread, until it is done.
#pragma once

#include <iosfwd>
#include <optional>
#include <string>

#include "config/config.h"

namespace weir::mcp {

struct DiffOptions {
  std::string against{};          // a file; empty = the server at the URL
  std::string url{};              // "http://127.0.0.1:8787/mcp"
  std::optional<Secret> token{};  // sent as a bearer token
};

// Prints how `config` differs from what is in force; false when that could not be learned.
bool print_differences(const Config& config, const Environment& environment, const DiffOptions& options,
                       std::ostream& out, std::ostream& err);

}  // namespace weir::mcp
