// Who asks, once the door has let them in: what a call is booked on, and what it may do.
// Shape:   `scopes` absent = everything is allowed (an open door, or a token that is not limited).
// Threads: a value.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

namespace weir::mcp {

struct Principal {
  std::string name = "anonymous";
  std::optional<std::vector<std::string>> scopes{};

  bool may(const std::vector<std::string>& needed) const {
    return !scopes || std::all_of(needed.begin(), needed.end(), [&](const std::string& scope) {
      return std::find(scopes->begin(), scopes->end(), scope) != scopes->end();
    });
  }
  bool operator==(const Principal&) const = default;
};

}  // namespace weir::mcp
