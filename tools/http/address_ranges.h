// What kind of place an IP address is: of the public internet, or of a range that a request on somebody else's behalf
// must not reach. It judges the address that is connected to, so that no name, however it is written or resolved, gets
// past.
// Shape:   an IPv4 address is kept as ::ffff:a.b.c.d, and is judged as IPv4 in this form and in NAT64's (64:ff9b::/96);
//          other forms that carry one within (6to4, Teredo, IPv4-compatible) are refused whole.
// Errors:  null = public. Of IPv6 only 2000::/3 can be.
// Threads: pure functions.
// Source:  IANA's IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890); the clouds' metadata services.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

struct sockaddr;

namespace weir {

using IpAddress = std::array<std::uint8_t, 16>;

struct AddressRange {
  const char* name;         // "10.0.0.0/8, private"
  bool of_private_network;  // may be reached where private networks may; else never
};

const AddressRange* special_range(const IpAddress& address);

// "192.0.2.1", "2001:db8::1", "fe80::1%eth0", in the canonical forms only; nothing for anything else.
std::optional<IpAddress> parse_ip(const std::string& text);
std::optional<IpAddress> ip_of(const sockaddr& address);
std::string text_of(const IpAddress& address);

}  // namespace weir
