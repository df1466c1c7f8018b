// MCP over stdin and stdout: one JSON message a line, both eras, decided per message. One reader, one writer; calls run
// concurrently, so that a cancellation overtakes them. stdout carries nothing else.
// Errors:  a line that is not JSON gets -32700 without an id; a line above the limit the same, and the rest of it is skipped.
// Threads: run() blocks its caller until EOF on the input, EPIPE on the output, or stop().
#pragma once

#include <cstdint>

#include "mcp/host.h"

namespace weir::mcp {

struct StdioOptions {
  int input = 0, output = 1;  // file descriptors
  std::int64_t line_bytes_max = 4 << 20;
  int calls_max = 1024;       // in flight; more are answered with an error
};

class Stdio {
 public:
  Stdio(Host& host, StdioOptions options);
  ~Stdio();
  void run();
  void stop();  // from any thread, also from a signal's watcher

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace weir::mcp
