// A public key of an issuer, and whether it signed something.
// Invariant: a key has one algorithm; what another was claimed for is never verified with it.
// Errors:  RSA from 2048 to 8192 bits (more would make each check dear), EC on P-256 only.
// Threads: const; verify() from any.
// Source:  RFC 7518 §3.3, §3.4, §6.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "mcp/auth/token.h"

struct evp_pkey_st;

namespace weir::mcp {

class Key {
 public:
  // From big-endian numbers. Nothing when they are no key that we accept.
  static std::optional<Key> rsa(std::string_view modulus, std::string_view exponent);
  static std::optional<Key> p256(std::string_view x, std::string_view y);

  Algorithm algorithm() const { return algorithm_; }
  bool verify(std::string_view text, std::string_view signature) const;

 private:
  struct Free {
    void operator()(evp_pkey_st* key) const;
  };
  using Handle = std::unique_ptr<evp_pkey_st, Free>;
  Key(Algorithm algorithm, Handle handle) : algorithm_(algorithm), handle_(std::move(handle)) {}

  Algorithm algorithm_;
  Handle handle_;
};

}  // namespace weir::mcp
