// Requests that must not be understood, or only just: what is sent, the status that comes back, and whether the
// connection lives on.
#pragma once

#include <string>
#include <vector>

namespace weir::mcp {

struct Hostile {
  std::string name, bytes;
  int status;
  bool kept;  // else the connection is closed after the answer
};

// For limits of 4096 bytes of head, 20 headers and 1000 bytes of body, and the route /echo.
const std::vector<Hostile>& hostile_requests();

}  // namespace weir::mcp
