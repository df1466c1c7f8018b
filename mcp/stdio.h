// MCP over stdin and stdout: one JSON message a line, both eras, decided per message. One reader, one writer; calls run
// concurrently, so that a cancellation overtakes them. stdout carries nothing else. Legacy: after an initialize the
// caller is told of changes unasked, hears warnings until it says otherwise, and can be asked in the middle of a call.
// End: EOF on the input (a last line without an end still counts), EPIPE on the output, or stop(). Then every call in
// flight is asked to stop and its answer is dropped; what was answered before is still written out, while somebody
// reads it. So `printf ... | weir serve --stdio` gets the answers that need no waiting.
// Bounds:  a line, the calls in flight, and the output nobody has read yet: above its maximum no further line is taken
//          in until the reader has caught up (answers of calls in flight still join the queue; progress does not).
// Errors:  a line that is not JSON gets -32700 without an id; a line above the limit the same, and the rest is skipped.
//          Running out of descriptors or threads is fatal: the constructor throws std::system_error.
// Threads: run() blocks its caller until the end, and is called once. The dispatcher must outlive the calls it was
//          given; their answers may come after this object is gone.
// Source:  MCP, stdio transport.
#pragma once

#include <cstdint>
#include <memory>

#include "mcp/dispatcher.h"

namespace weir::mcp {

struct StdioOptions {
  int input = 0, output = 1;  // file descriptors
  std::int64_t line_bytes_max = 4 << 20;
  std::int64_t output_bytes_max = 8 << 20;    // written but not yet read by the other side
  int calls_max = 1024;                       // in flight; more are answered with an error
  LogLevel legacy_level = LogLevel::warning;  // what a legacy caller hears before it says otherwise
};

class Stdio {
 public:
  Stdio(Dispatcher& dispatcher, StdioOptions options);
  ~Stdio();
  void run();
  void stop();  // from any thread, also from a signal's watcher

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace weir::mcp
