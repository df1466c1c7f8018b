#include "config/addresses.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "config/mistakes.h"

namespace weir {
namespace {

constexpr int kPortMax = 65535;
constexpr std::size_t kUrlBytesMax = 2'000;

bool is_port(std::string_view text, int lowest) {
  int port = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return text.size() <= 5 && error == std::errc{} && end == text.data() + text.size() && port >= lowest &&
         port <= kPortMax;
}

bool is_host(std::string_view text) {
  std::string_view allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
  if (text.starts_with('[') && text.ends_with(']')) {
    text = text.substr(1, text.size() - 2);
    allowed = "0123456789abcdefABCDEF:.";
  }
  return !text.empty() && text.find_first_not_of(allowed) == text.npos;
}

// HOST or HOST:PORT; an IPv6 host stands in brackets.
bool is_authority(std::string_view text, bool port_required, int lowest_port) {
  const std::size_t host_end = text.starts_with('[') ? std::min(text.find(']'), text.size() - 1) + 1 : text.find(':');
  const std::string_view host = text.substr(0, host_end);
  if (host.size() == text.size()) return !port_required && is_host(host);
  return is_host(host) && text[host.size()] == ':' && is_port(text.substr(host.size() + 1), lowest_port);
}

// "127.evil.example" is a name, not an address.
bool is_ipv4(std::string_view text) {
  return text.find_first_not_of("0123456789.") == text.npos && std::count(text.begin(), text.end(), '.') == 3;
}

std::optional<std::string_view> after_scheme(std::string_view url) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (url.starts_with(scheme)) return url.substr(scheme.size());
  }
  return std::nullopt;
}

}  // namespace

Objection object_to_listen_address(std::string_view text) {
  if (is_authority(text, true, 0)) return std::nullopt;
  return fmt::format("must be HOST:PORT, such as \"127.0.0.1:8787\" or \"[::1]:8787\", not {}", in_quotes(text));
}

Objection object_to_host(std::string_view text) {
  if (is_authority(text, false, 1)) return std::nullopt;
  return fmt::format("must hold HOST or HOST:PORT, such as \"weir.example.com:8787\", not {}", in_quotes(text));
}

Objection object_to_origin(std::string_view text) {
  const auto rest = after_scheme(text);
  if (rest && is_authority(*rest, false, 1)) return std::nullopt;
  return fmt::format(
      "must hold http(s)://HOST or http(s)://HOST:PORT without a path, such as \"https://app.example.com\", not {}",
      in_quotes(text));
}

Objection object_to_base_url(std::string_view text) {
  const auto rest = after_scheme(text);
  const std::string_view authority = rest ? rest->substr(0, rest->find('/')) : "";
  const bool plain = std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
  // A password may stand before an "@", a key in a query: then nothing of it is shown.
  if (text.find('@') != text.npos) return "must hold no user or password (\"@\"); a key belongs into api_key";
  if (text.find_first_of("?#") != text.npos) {
    return "must have no query and no fragment (\"?\", \"#\"), since paths are put after it";
  }
  if (!rest || !is_authority(authority, false, 1) || !plain || text.size() > kUrlBytesMax) {
    return fmt::format("must be http(s)://HOST[:PORT][/PATH], such as \"http://127.0.0.1:11434/v1\", not {}",
                       in_quotes(text));
  }
  return std::nullopt;
}

Objection object_to_trusted_url(std::string_view text) {
  if (const auto objection = object_to_base_url(text)) return objection;
  if (text.starts_with("https://")) return std::nullopt;
  const auto rest = *after_scheme(text);
  const std::string_view authority = rest.substr(0, rest.find('/'));
  const std::string_view host =
      authority.substr(0, authority.starts_with('[') ? authority.find(']') + 1 : authority.find(':'));
  if (host == "localhost" || host == "[::1]" || (host.starts_with("127.") && is_ipv4(host))) return std::nullopt;
  return fmt::format("must be https://…, not {}; http:// is for loopback addresses only", in_quotes(text));
}

}  // namespace weir
