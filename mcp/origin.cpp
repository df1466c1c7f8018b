#include "mcp/origin.h"

#include <algorithm>
#include <cctype>
#include <optional>

namespace weir::mcp {
namespace {

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), [](unsigned char c) { return std::tolower(c); });
  return result;
}

// The host of HOST or HOST:PORT, where HOST may be [an IPv6 address]; nothing when it has not that form.
std::optional<std::string_view> without_port(std::string_view authority) {
  const auto host_end = authority.starts_with('[') ? authority.find(']') : authority.find(':');
  if (host_end == authority.npos) return authority.starts_with('[') ? std::nullopt : std::optional(authority);
  const auto host = authority.substr(0, host_end + (authority.starts_with('[') ? 1 : 0));
  const auto rest = authority.substr(host.size());
  if (rest.empty()) return host;
  const auto digits = rest.substr(1);
  if (rest.front() != ':' || digits.empty() || digits.size() > 5) return std::nullopt;
  if (digits.find_first_not_of("0123456789") != digits.npos) return std::nullopt;
  return host;
}

}  // namespace

bool good_host(const EndpointOptions& options, std::string_view host) {
  const auto given = lower(host);
  const auto name = without_port(given);
  if (!name || name->empty()) return false;
  if (options.loopback && (*name == "localhost" || *name == "127.0.0.1" || *name == "[::1]")) return true;
  return std::any_of(options.allowed_hosts.begin(), options.allowed_hosts.end(), [&](const std::string& entry) {
    const auto allowed = lower(entry);
    return allowed == given || allowed == *name;
  });
}

bool good_origin(const EndpointOptions& options, std::string_view origin, std::string_view host) {
  const auto given = lower(origin);
  if (given == "null") return false;
  if (options.loopback && (given == "http://" + lower(host) || given == "https://" + lower(host))) return true;
  return std::any_of(options.allowed_origins.begin(), options.allowed_origins.end(),
                     [&](const std::string& entry) { return lower(entry) == given; });
}

}  // namespace weir::mcp
