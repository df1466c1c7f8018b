// What the system says of this process, as the official clients of Prometheus report it.
// Errors:  what cannot be read is absent.
// Threads: any.
// Source:  proc(5).
#pragma once

#include <cstdint>
#include <optional>

namespace weir::mcp {

struct ProcessFigures {
  std::optional<double> cpu_seconds{}, start_seconds{};  // used, user and system together; of the Unix epoch
  std::optional<std::int64_t> resident_bytes{}, virtual_bytes{}, open_fds{}, max_fds{}, threads{};
};

ProcessFigures process_figures();

}  // namespace weir::mcp
