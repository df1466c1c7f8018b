// What is still to be sent on one channel, in order. Small pieces share a buffer, big ones are sent from where they
// lie; a head and its body leave in one system call.
// Threads: a value.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "mcp/http/channel.h"

namespace weir::mcp {

class Outbox {
 public:
  enum class Outcome { sent, blocked, broken };

  void push(std::string piece);
  bool empty() const { return pieces_.empty(); }
  // Sends what the channel takes. `taken` is how many bytes that was. Empty again, it holds no memory.
  Outcome flush(Channel& channel, std::size_t& taken);

 private:
  void drop_front(std::size_t bytes);
  std::vector<std::string> pieces_;
  std::size_t first_ = 0;   // pieces before it are gone
  std::size_t offset_ = 0;  // of the first piece that is gone too
};

}  // namespace weir::mcp
