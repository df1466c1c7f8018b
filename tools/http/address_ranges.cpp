#include "tools/http/address_ranges.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>

namespace weir {
namespace {

constexpr int kIpv4At = 12;  // its first byte
constexpr IpAddress kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr IpAddress kNat64{0x00, 0x64, 0xff, 0x9b};

struct Range {
  IpAddress first;
  int bits;
  AddressRange range;
};

constexpr IpAddress ipv4(std::uint8_t a, std::uint8_t b = 0, std::uint8_t c = 0, std::uint8_t d = 0) {
  return {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d};
}
constexpr int kV4 = 96;  // bits before an IPv4 prefix

// The first that holds the address counts: single addresses stand before the ranges around them.
constexpr Range kRanges[] = {
    {ipv4(100, 100, 100, 200), kV4 + 32, {"a cloud's metadata service", false}},
    {ipv4(168, 63, 129, 16), kV4 + 32, {"a cloud's metadata service", false}},
    {ipv4(0), kV4 + 8, {"0.0.0.0/8, this network", false}},
    {ipv4(10), kV4 + 8, {"10.0.0.0/8, private", true}},
    {ipv4(100, 64), kV4 + 10, {"100.64.0.0/10, shared by a carrier", true}},
    {ipv4(127), kV4 + 8, {"127.0.0.0/8, this machine", true}},
    {ipv4(169, 254), kV4 + 16, {"169.254.0.0/16, link-local", false}},
    {ipv4(172, 16), kV4 + 12, {"172.16.0.0/12, private", true}},
    {ipv4(192, 0, 0), kV4 + 24, {"192.0.0.0/24, for protocols", false}},
    {ipv4(192, 0, 2), kV4 + 24, {"192.0.2.0/24, for documentation", false}},
    {ipv4(192, 88, 99), kV4 + 24, {"192.88.99.0/24, 6to4 relays", false}},
    {ipv4(192, 168), kV4 + 16, {"192.168.0.0/16, private", true}},
    {ipv4(198, 18), kV4 + 15, {"198.18.0.0/15, for benchmarks", false}},
    {ipv4(198, 51, 100), kV4 + 24, {"198.51.100.0/24, for documentation", false}},
    {ipv4(203, 0, 113), kV4 + 24, {"203.0.113.0/24, for documentation", false}},
    {ipv4(224), kV4 + 4, {"224.0.0.0/4, multicast", false}},
    {ipv4(240), kV4 + 4, {"240.0.0.0/4, reserved", false}},
    {{0}, 128, {"::, unspecified", false}},
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 128, {"::1, this machine", true}},
    {{0xfd, 0x00, 0x0e, 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54}, 128, {"a cloud's metadata service", false}},
    {{0xfc}, 7, {"fc00::/7, private", true}},
    {{0xfe, 0x80}, 10, {"fe80::/10, link-local", false}},
    {{0xff}, 8, {"ff00::/8, multicast", false}},
    {{0x20, 0x01, 0x00}, 23, {"2001::/23, for protocols (Teredo among them)", false}},
    {{0x20, 0x01, 0x0d, 0xb8}, 32, {"2001:db8::/32, for documentation", false}},
    {{0x20, 0x02}, 16, {"2002::/16, 6to4", false}},
    {{0x3f, 0xff}, 20, {"3fff::/20, for documentation", false}},
};
constexpr IpAddress kPublicV6{0x20};
constexpr int kPublicV6Bits = 3;
constexpr AddressRange kNotUnicast{"outside of 2000::/3, not assigned to the public", false};

bool begins_with(const IpAddress& address, const IpAddress& first, int bits) {
  const auto whole = static_cast<std::size_t>(bits / 8);
  if (!std::equal(first.begin(), first.begin() + static_cast<std::ptrdiff_t>(whole), address.begin())) return false;
  const int rest = bits % 8;
  return rest == 0 || ((first[whole] ^ address[whole]) >> (8 - rest)) == 0;
}

}  // namespace

const AddressRange* special_range(const IpAddress& address) {
  IpAddress judged = address;
  if (begins_with(address, kNat64, kV4)) std::copy_n(kMapped.begin(), kIpv4At, judged.begin());
  for (const Range& each : kRanges)
    if (begins_with(judged, each.first, each.bits)) return &each.range;
  const bool is_public = begins_with(judged, kMapped, kV4) || begins_with(judged, kPublicV6, kPublicV6Bits);
  return is_public ? nullptr : &kNotUnicast;
}

std::optional<IpAddress> parse_ip(const std::string& text) {
  IpAddress address = kMapped;
  if (inet_pton(AF_INET, text.c_str(), &address[kIpv4At]) == 1) return address;
  if (inet_pton(AF_INET6, text.substr(0, text.find('%')).c_str(), address.data()) == 1) return address;
  return std::nullopt;
}

std::optional<IpAddress> ip_of(const sockaddr& address) {
  IpAddress result = kMapped;
  if (address.sa_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address).sin_addr;
    std::copy_n(reinterpret_cast<const std::uint8_t*>(&v4), sizeof v4, result.begin() + kIpv4At);
    return result;
  }
  if (address.sa_family != AF_INET6) return std::nullopt;
  const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address).sin6_addr;
  std::copy_n(reinterpret_cast<const std::uint8_t*>(&v6), sizeof v6, result.begin());
  return result;
}

std::string text_of(const IpAddress& address) {
  char text[INET6_ADDRSTRLEN] = {};
  const bool v4 = begins_with(address, kMapped, kV4);
  inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? &address[kIpv4At] : address.data(), text, sizeof text);
  return text;
}

}  // namespace weir
