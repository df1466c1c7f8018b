// One HTTP request and its way back, as the connection layer (http/server.h) and the MCP endpoint (endpoint.h) share it.
// Shape:   header names lower case, values raw (optional white space trimmed), duplicates kept in order; the body is whole and
//          decoded from chunks.
// Threads: an Exchange may be used from any thread; it answers once, later answers are ignored. It may outlive its connection.
#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mcp/principal.h"

namespace weir::mcp {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct Inbound {
  std::string method, target;  // target as sent, e.g. "/mcp?x=1"
  Headers headers;
  std::string body;
  std::string peer;          // "127.0.0.1:53211"
  Principal principal = {};  // set by the door (auth); anonymous where there is none
  // The only value of a header; null when it is absent or there are several (count() tells which).
  const std::string* header(std::string_view lower_case_name) const;
  int count(std::string_view lower_case_name) const;
};

struct Reply {
  int status = 200;
  Headers headers{};  // Content-Length, Date, Connection are the layer's
  std::string body{};
};

class Exchange {
 public:
  virtual ~Exchange() = default;
  // The whole answer.
  virtual void reply(Reply reply) = 0;
  // Or a stream: the head once, then chunks, then the end. write() says false when the stream is gone or its reader too slow.
  virtual void open(int status, Headers headers) = 0;
  virtual bool write(std::string_view chunk) = 0;
  virtual void close() = 0;
  // Requested when the peer goes away before the answer is complete, or the layer shuts down.
  virtual std::stop_token stop() const = 0;
  // Runs `fn` on the connection's own thread (encoding belongs there, not on the core's loop).
  virtual void post(std::function<void()> fn) = 0;
};

using Handler = std::function<void(Inbound, std::shared_ptr<Exchange>)>;

}  // namespace weir::mcp
