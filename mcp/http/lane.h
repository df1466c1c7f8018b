// One connection thread: a loop, and the connections that live on it for ever.
// Threads: constructor, start(), stop() and destructor on the owner's thread; adopt(), drain() and ask_to_stop() from
//          any; the rest on the lane's.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "limiter/loop_uv.h"
#include "mcp/http/exchange.h"
#include "mcp/http/router.h"
#include "mcp/http/server.h"
#include "mcp/http/socket.h"
#include "mcp/http/tls.h"

namespace weir::mcp {

class Connection;

// What there is over all lanes.
class Census {
 public:
  std::atomic<int> connections = 0, in_flight = 0;
  std::atomic<int> shed = 0;                 // being told 503; not counted in `connections`
  std::atomic<std::int64_t> body_bytes = 0;  // of requests still arriving
  std::atomic<bool> accepting = false;

  void changed();                           // wakes wait_until_empty()
  bool wait_until_empty(Duration longest);  // no connections, and none coming

 private:
  std::mutex mu_;
  std::condition_variable changed_;
};

class Lane {
 public:
  // `tls` may be null.
  Lane(const HttpOptions& options, const std::vector<Route>& routes, Census& census, const TlsContext* tls);
  ~Lane();
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;

  void start();
  void stop();  // joins the thread and closes everything
  // The connection is counted already.
  void adopt(Socket socket, std::string peer, bool shed);
  void drain();
  void ask_to_stop();

  UvLoop& loop() { return loop_; }
  const HttpOptions& options() const { return options_; }
  Router& router() { return router_; }
  Census& census() { return census_; }
  const std::shared_ptr<Mailbox>& mailbox() const { return mailbox_; }
  bool draining() const { return draining_; }
  std::vector<char>& scratch() { return scratch_; }  // for one read at a time
  void bury(Connection& connection);

 private:
  void forget(Connection& connection);

  const HttpOptions& options_;
  Census& census_;
  const TlsContext* const tls_;
  UvLoop loop_;
  std::shared_ptr<Mailbox> mailbox_;
  Router router_;
  std::vector<char> scratch_;
  bool draining_ = false;
  std::unordered_map<Connection*, std::shared_ptr<Connection>> connections_;
  std::thread thread_;
};

}  // namespace weir::mcp
