// What the commands need of the world around them: where the configuration is, what an address says, how a port is made
// known.
// Errors:  messages say what, where, and what would be right.
// Threads: functions.
#pragma once

#include <string>

#include "config/config.h"
#include "config/result.h"

namespace weir::mcp {

struct Address {
  std::string host;  // without brackets
  int port = 0;
  bool operator==(const Address&) const = default;
};

// `option` if it is not empty, then $WEIR_CONFIG, ./weir.toml, $XDG_CONFIG_HOME/weir/weir.toml (or
// ~/.config/weir/weir.toml).
Result<std::string> find_config(const std::string& option, const Environment& environment);
// "127.0.0.1:8787", "localhost:0", "[::1]:8787".
Result<Address> parse_address(const std::string& text);
bool is_loopback(const std::string& host);
// As many open files and connections as the system lets the process have.
void allow_all_descriptors();
// Whole or not at all: whoever waits for the file never reads half a number.
Result<void> write_port_file(const std::string& file, int port);

}  // namespace weir::mcp
