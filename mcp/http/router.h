// Which handler a request is for. Routing is cpp-httplib's; what no route of ours takes, it answers itself. It gets
// the request line only: its header parser percent-decodes values, and its body reader inflates without a limit.
// Threads: one router per thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "mcp/transport.h"

namespace weir::mcp {

struct Route {
  std::string path;  // exact, as it is after percent-decoding
  Handler handler;
};

// One of the two is set.
struct Routed {
  const Handler* handler = nullptr;
  std::string answer{};  // cpp-httplib's own, head and body
};

class Router {
 public:
  explicit Router(const std::vector<Route>& routes);  // refers to the routes' handlers
  ~Router();
  Router(const Router&) = delete;
  Router& operator=(const Router&) = delete;

  Routed route(std::string_view method, std::string_view target, bool close);

 private:
  class Adapter;
  std::unique_ptr<Adapter> adapter_;
};

}  // namespace weir::mcp
