// What was written on the command line: a command, and what it takes.
// Errors:  what is wrong is printed by the parser, which ends the program with a code above 100; so it does, with 0,
//          after --help and --version.
// Threads: a function.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "mcp/weir/diff_command.h"
#include "mcp/weir/limits_command.h"
#include "mcp/weir/usage_command.h"

namespace weir::mcp {

struct Options {
  enum class Command { serve, check, tools, call, limits, usage };
  Command command = Command::serve;
  std::string config;  // a file; empty = where configurations are looked for
  // serve
  bool stdio = false;
  std::optional<std::string> http;  // instead of the configured address
  std::string port_file;
  // check
  bool online = false, diff = false;
  DiffOptions diff_options;
  std::string token;  // where it is kept; of check --diff and limits
  // call
  std::string tool, json;
  std::vector<std::string> arguments;
  // limits
  LimitsOptions limits;
  UsageOptions usage;
};

// Or the code that the program ends with.
std::variant<Options, int> read_options(int argc, char** argv, const std::string& version);

}  // namespace weir::mcp
