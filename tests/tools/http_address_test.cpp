#include <arpa/inet.h>
#include <netinet/in.h>

#include <catch2/catch.hpp>

#include "tests/fakes/property.h"
#include "tools/http/address_ranges.h"

namespace weir {
namespace {

enum class Reach { everybody, private_network, nobody };

Reach reach_of(const std::string& text) {
  const auto address = parse_ip(text);
  REQUIRE(address.has_value());
  const AddressRange* range = special_range(*address);
  return range == nullptr ? Reach::everybody : range->of_private_network ? Reach::private_network : Reach::nobody;
}

struct Edge {
  const char *before, *first, *last, *after;  // the range, and its neighbours
  Reach inside, below = Reach::everybody, above = Reach::everybody;
};

TEST_CASE("each range of special addresses begins and ends where its registry says", "[http]") {
  const Edge edges[] = {
      {nullptr, "0.0.0.0", "0.255.255.255", "1.0.0.0", Reach::nobody},
      {"9.255.255.255", "10.0.0.0", "10.255.255.255", "11.0.0.0", Reach::private_network},
      {"100.63.255.255", "100.64.0.0", "100.127.255.255", "100.128.0.0", Reach::private_network},
      {"100.100.100.199", "100.100.100.200", "100.100.100.200", "100.100.100.201", Reach::nobody,
       Reach::private_network, Reach::private_network},
      {"126.255.255.255", "127.0.0.0", "127.255.255.255", "128.0.0.0", Reach::private_network},
      {"168.63.129.15", "168.63.129.16", "168.63.129.16", "168.63.129.17", Reach::nobody},
      {"169.253.255.255", "169.254.0.0", "169.254.255.255", "169.255.0.0", Reach::nobody},
      {"172.15.255.255", "172.16.0.0", "172.31.255.255", "172.32.0.0", Reach::private_network},
      {"191.255.255.255", "192.0.0.0", "192.0.0.255", "192.0.1.0", Reach::nobody},
      {"192.0.1.255", "192.0.2.0", "192.0.2.255", "192.0.3.0", Reach::nobody},
      {"192.88.98.255", "192.88.99.0", "192.88.99.255", "192.88.100.0", Reach::nobody},
      {"192.167.255.255", "192.168.0.0", "192.168.255.255", "192.169.0.0", Reach::private_network},
      {"198.17.255.255", "198.18.0.0", "198.19.255.255", "198.20.0.0", Reach::nobody},
      {"198.51.99.255", "198.51.100.0", "198.51.100.255", "198.51.101.0", Reach::nobody},
      {"203.0.112.255", "203.0.113.0", "203.0.113.255", "203.0.114.0", Reach::nobody},
      {"223.255.255.255", "224.0.0.0", "239.255.255.255", "240.0.0.0", Reach::nobody, Reach::everybody, Reach::nobody},
      {"239.255.255.255", "240.0.0.0", "255.255.255.255", nullptr, Reach::nobody, Reach::nobody},
      {nullptr, "::", "::", "::1", Reach::nobody, Reach::nobody, Reach::private_network},
      {"::", "::1", "::1", "::2", Reach::private_network, Reach::nobody, Reach::nobody},
      {"64:ff9a:ffff:ffff:ffff:ffff:ffff:ffff", "64:ff9b::8.8.8.8", "64:ff9b::8.8.8.8", "64:ff9b::1:0:0",
       Reach::everybody, Reach::nobody, Reach::nobody},
      {"1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2000::", "2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
       "2001::", Reach::everybody, Reach::nobody, Reach::nobody},
      {"2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff",
       "2001:200::", Reach::nobody},
      {"2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
       "2001:db9::", Reach::nobody},
      {"2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
       "2003::", Reach::nobody},
      {"3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff",
       "3fff:1000::", Reach::nobody},
      {"3ffe::", "3fff:1000::", "3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "4000::", Reach::everybody, Reach::everybody,
       Reach::nobody},
      {"fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
       "fe00::", Reach::private_network, Reach::nobody, Reach::nobody},
      {"fd00:ec2::253", "fd00:ec2::254", "fd00:ec2::254", "fd00:ec2::255", Reach::nobody, Reach::private_network,
       Reach::private_network},
      {"fe7f:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
       "fec0::", Reach::nobody, Reach::nobody, Reach::nobody},
      {"feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", nullptr,
       Reach::nobody, Reach::nobody},
  };
  for (const Edge& edge : edges) {
    INFO(edge.first);
    CHECK(reach_of(edge.first) == edge.inside);
    CHECK(reach_of(edge.last) == edge.inside);
    if (edge.before != nullptr) CHECK(reach_of(edge.before) == edge.below);
    if (edge.after != nullptr) CHECK(reach_of(edge.after) == edge.above);
  }
}

TEST_CASE("an IPv4 address is judged alike however IPv6 carries it, or refused", "[http]") {
  const auto [plain, reach] = GENERATE(table<std::string, Reach>({{"8.8.8.8", Reach::everybody},
                                                                  {"127.0.0.1", Reach::private_network},
                                                                  {"10.1.2.3", Reach::private_network},
                                                                  {"169.254.169.254", Reach::nobody},
                                                                  {"0.0.0.0", Reach::nobody}}));
  INFO(plain);
  CHECK(reach_of(plain) == reach);
  CHECK(reach_of("::ffff:" + plain) == reach);
  CHECK(reach_of("64:ff9b::" + plain) == reach);
  for (const char* other : {"::", "64:ff9b:1::", "2002::", "2001::", "::ffff:0:"}) {
    INFO(other);
    CHECK(reach_of(other + plain) == Reach::nobody);
  }
}

TEST_CASE("addresses of the public internet are reached", "[http]") {
  for (const char* text : {"1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "2a00:1450:4001:831::200e", "2400::1"})
    CHECK(reach_of(text) == Reach::everybody);
}

TEST_CASE("a zone does not hide an address, and no other writing is an address", "[http]") {
  CHECK(reach_of("fe80::1%eth0") == Reach::nobody);
  for (const char* text : {"", "localhost", "0x7f.0.0.1", "2130706433", "127.1", "0177.0.0.1", "127.0.0.1.", "[::1]",
                           "1.2.3.4:80", "%eth0"})
    CHECK_FALSE(parse_ip(text).has_value());
}

TEST_CASE("what a socket is given is what is judged", "[http]") {
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_addr.s_addr = htonl(0x0a010203);
  CHECK(ip_of(reinterpret_cast<const sockaddr&>(v4)) == parse_ip("10.1.2.3"));
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  REQUIRE(inet_pton(AF_INET6, "2606:4700::1", &v6.sin6_addr) == 1);
  CHECK(ip_of(reinterpret_cast<const sockaddr&>(v6)) == parse_ip("2606:4700::1"));
  sockaddr other{};
  other.sa_family = AF_UNIX;
  CHECK_FALSE(ip_of(other).has_value());
}

TEST_CASE("an address is written as it is read", "[http]") {
  fakes::property("parse_ip(text_of(address)) is the address", [] {
    IpAddress address{};
    for (auto& byte : address) byte = *rc::gen::arbitrary<std::uint8_t>();
    if (*rc::gen::arbitrary<bool>()) {
      address = {};
      address[10] = address[11] = 0xff;
      for (std::size_t i = 12; i < 16; ++i) address[i] = *rc::gen::arbitrary<std::uint8_t>();
    }
    RC_ASSERT(parse_ip(text_of(address)) == address);
  });
}

}  // namespace
}  // namespace weir
