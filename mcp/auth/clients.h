// The clients that have a token of their own, and those that an OAuth subject names. Of tokens, only digests are kept,
// and every one of them is compared, each in constant time: how long find() takes says neither whether a token is known
// nor how much of it is right.
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
  bool empty() const { return clients_.empty(); }  // nobody has a token of its own
  std::optional<Principal> find(std::string_view token) const;
  // Who an OAuth token speaks for: the client that has this subject, allowed what both the token and its own `scopes`
  // allow; or `issued` as it came.
  Principal known_by(const std::string& subject, Principal issued) const;

 private:
  using Digest = std::array<unsigned char, 32>;
  static Digest digest_of(std::string_view token);
  struct Client {
    Digest digest;
    Principal principal;
  };
  std::vector<Client> clients_;
  std::map<std::string, Principal> by_subject_;
};

}  // namespace weir::mcp
