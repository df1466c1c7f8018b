// `weir usage`: what the calls used and cost, read from the ledger's file; while the server runs, and after it.
// Shape:   a table for people, JSON {columns, rows, truncated}, or CSV.
// Errors:  a file that is not there, a question that is wrong: said on `err`, with what would be right; the exit code
//          is 1.
// Threads: the caller's.
#pragma once

#include <functional>
#include <iosfwd>
#include <string>

#include "config/config.h"

namespace CLI {
class App;
}

namespace weir::mcp {

struct UsageOptions {
  std::string file{};    // the ledger's; empty = as the configuration says
  std::string config{};  // empty = where it is looked for
  std::string report = "usage", by = "day";
  std::string since{}, until{}, tool{}, model{}, client{}, sql{};
  std::int64_t limit = 100;
  bool json = false;
  bool csv = false;
  std::size_t width = 0;  // of the table; 0 = as terminal_width() says
};

// The exit code.
int show_usage(UsageOptions options, const Environment& environment, std::ostream& out, std::ostream& err);

// Adds the command; `options` is what it was given, once the command line was read, and outlives the application.
CLI::App* add_usage_command(CLI::App& app, UsageOptions& options);
// Of the terminal, else of $COLUMNS, else 1000.
std::size_t terminal_width(const Environment& environment);

}  // namespace weir::mcp
