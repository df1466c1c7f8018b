// A JWT taken apart, and nothing of it believed yet. None of Debian 12's libraries fits, so JOSE is read here and
// verified by OpenSSL (key.cpp): libjwt 1.10 knows no key sets, libcjose checks no claims (and both bring a second JSON
// library), rhonabwy brings a second TLS library and fetches keys itself, blocking; libcpp-jwt takes the algorithm from
// the caller's list but no key set. What we accept is two algorithms and one serialisation.
// Errors:  what is wrong, in our own words: nothing of the token is in them.
// Threads: a value, a function.
// Source:  RFC 7515 §3.1, §4.1; RFC 7519; RFC 8725; RFC 9068.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

namespace weir::mcp {

inline constexpr std::size_t kTokenBytesMax = 8 << 10;

enum class Algorithm { rs256, es256 };

// Seconds since 1970, as a JWT writes times.
using NumericDate = std::int64_t;

struct Claims {
  std::string issuer, subject, client_id;  // empty = absent
  std::vector<std::string> audience;
  std::optional<NumericDate> expires, not_before;
  std::vector<std::string> scopes;
};

struct Token {
  Algorithm algorithm = Algorithm::rs256;
  std::optional<std::string> key_id;
  Claims claims;
  std::string signed_part, signature;
};

// Refused: other algorithms (`none`, HS256, …), `crit`, a `typ` that is not an access token's, claims of wrong types.
tl::expected<Token, const char*> parse_token(std::string_view text);

}  // namespace weir::mcp
