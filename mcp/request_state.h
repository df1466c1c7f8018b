// What a host wants back with the next round, carried by the caller: sealed, so that it is known whether it comes back
// to the same caller's same request, unchanged and in time. It can be read by the caller, and used more than once.
// Shape:   base64url( version 1 | expiry, seconds since 1970, 8 | SHA-256 of what it is bound to, 32 | payload |
//          HMAC-SHA256 of all that, 32 ).
// Errors:  open() says no more than that it does not fit: who forged it learns nothing.
// Threads: immutable; any thread.
// Source:  MCP, multi round-trip requests; RFC 2104.
#pragma once

#include <string>
#include <string_view>

#include "config/result.h"
#include "limiter/loop.h"
#include "mcp/call.h"

namespace weir::mcp {

class StateSeal {
 public:
  static constexpr std::size_t kKeyBytesMin = 32;
  static constexpr std::chrono::seconds kLifetime{3600};  // a person may have to answer

  explicit StateSeal(std::string key) : key_(std::move(key)) {}
  static StateSeal with_random_key();  // good for this process only

  std::string seal(std::string_view payload, std::string_view bound_to, WallTime now) const;
  Result<std::string> open(std::string_view sealed, std::string_view bound_to, WallTime now) const;

 private:
  std::string key_;
};

// What the state of a request is bound to: who asks, the method, and what it asks with.
std::string binding(const Principal& principal, const ToolCall& call);
std::string binding(const Principal& principal, const PromptCall& call);
std::string binding(const Principal& principal, const ResourceRead& call);

}  // namespace weir::mcp
