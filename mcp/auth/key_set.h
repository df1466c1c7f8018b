// The keys of an issuer, from its JWKS document. Keys that we have no use for (other algorithms, encryption, too small)
// are passed over; a document without any that we can use is an error.
// Threads: immutable.
// Source:  RFC 7517.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/result.h"
#include "mcp/auth/key.h"
#include "mcp/auth/token.h"

namespace weir::mcp {

inline constexpr std::int64_t kKeySetBytesMax = 256 << 10;
inline constexpr std::size_t kKeysMax = 64;

class KeySet {
 public:
  static Result<KeySet> parse(std::string_view document);

  enum class Verdict { holds, false_signature, unknown_key };
  // A token that names no key is verified only if there is just one that it could be.
  Verdict verify(const Token& token) const;
  std::size_t size() const { return keys_.size(); }

 private:
  struct Named {
    std::optional<std::string> id;
    Key key;
  };
  std::vector<Named> keys_;
};

}  // namespace weir::mcp
