// Accepts on the first lane's loop and deals the connections out, one lane after another. Above connections_max it
// sheds: the connection is told 503 and closed unread. Out of descriptors, it pauses for a moment instead of spinning.
// Threads: made and destroyed on the owner's thread while the lane does not run; close() on the lane's.
#pragma once

#include <memory>
#include <vector>

#include "mcp/http/lane.h"
#include "mcp/http/socket.h"

namespace weir::mcp {

class Listener {
 public:
  Listener(Socket socket, const std::vector<std::unique_ptr<Lane>>& lanes, Census& census);
  void close();

 private:
  void accept_some();
  void place(Socket socket, std::string peer);

  Socket socket_;
  const std::vector<std::unique_ptr<Lane>>& lanes_;
  Census& census_;
  std::size_t next_ = 0;
  Timer pause_;
  std::unique_ptr<Watch> watch_;
};

}  // namespace weir::mcp
