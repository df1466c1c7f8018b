#include "mcp/mirror.h"

#include "mcp/base64.h"

namespace weir::mcp {

std::optional<std::string> decode_mirror(std::string_view value) {
  constexpr std::string_view kPrefix = "=?base64?", kSuffix = "?=";
  if (value.size() < kPrefix.size() + kSuffix.size() || !value.starts_with(kPrefix) || !value.ends_with(kSuffix))
    return std::string(value);
  value.remove_prefix(kPrefix.size());
  value.remove_suffix(kSuffix.size());
  return base64::decode(value, base64::Alphabet::standard);
}

}  // namespace weir::mcp
