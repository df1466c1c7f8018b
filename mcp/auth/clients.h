// The clients that have a token of their own. Only digests are kept, and every one of them is compared, each in
// constant time: how long find() takes says neither whether a token is known nor how much of it is right.
// Threads: immutable.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "mcp/principal.h"

namespace weir::mcp {

class Clients {
 public:
  explicit Clients(const std::map<std::string, ClientSettings>& settings);
  bool empty() const { return clients_.empty(); }
  std::optional<Principal> find(std::string_view token) const;

 private:
  using Digest = std::array<unsigned char, 32>;
  static Digest digest_of(std::string_view token);
  struct Client {
    Digest digest;
    Principal principal;
  };
  std::vector<Client> clients_;
};

}  // namespace weir::mcp
