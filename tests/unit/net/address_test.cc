// SPDX-License-Identifier: Apache-2.0
#include "net/address.h"

#include <string>

#include <gtest/gtest.h>

namespace holdfast::net {
namespace {

Endpoint literal(const char* host, std::uint16_t port = 0) {
  auto endpoint = parse_literal(host, port);
  EXPECT_TRUE(endpoint.has_value()) << host;
  return endpoint.value_or(Endpoint{});
}

TEST(ParseLiteral, BothFamilies) {
  auto four = literal("192.0.2.7", 80);
  EXPECT_EQ(four.family(), AF_INET);
  EXPECT_EQ(four.size, sizeof(sockaddr_in));
  EXPECT_EQ(four.text(), "192.0.2.7:80");
  auto six = literal("2001:db8::A", 65535);
  EXPECT_EQ(six.family(), AF_INET6);
  EXPECT_EQ(six.size, sizeof(sockaddr_in6));
  EXPECT_EQ(six.text(), "[2001:db8::a]:65535");
  EXPECT_EQ(literal("::").text(), "[::]:0");
}

TEST(ParseLiteral, NamesAreNone) {
  for (auto host :
       {"", "localhost", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1.2.3.4 ", "[::1]", "::g", "1.2.3.4:80", "0x7f.1"}) {
    EXPECT_FALSE(parse_literal(host, 1).has_value()) << host;
  }
}

TEST(IsInternal, ByTheEdgesOfTheRanges) {
  for (auto host : {"0.0.0.0",
                    "0.255.255.255",
                    "10.0.0.0",
                    "10.255.255.255",
                    "127.0.0.1",
                    "127.255.255.255",
                    "169.254.0.0",
                    "169.254.255.255",
                    "172.16.0.0",
                    "172.31.255.255",
                    "192.168.0.0",
                    "192.168.255.255",
                    "::",
                    "::1",
                    "fc00::",
                    "fdff:ffff::1",
                    "fe80::1",
                    "febf::1",
                    "::ffff:127.0.0.1",
                    "::ffff:192.168.1.1"}) {
    EXPECT_TRUE(is_internal(literal(host))) << host;
  }
  for (auto host : {"1.0.0.0", "9.255.255.255", "11.0.0.0", "126.255.255.255", "128.0.0.0", "169.253.255.255",
                    "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.167.255.255", "192.169.0.0", "8.8.8.8", "::2",
                    "fbff::1", "fe00::1", "fe7f::1", "fec0::1", "2001:db8::1", "::ffff:8.8.8.8"}) {
    EXPECT_FALSE(is_internal(literal(host))) << host;
  }
}

TEST(PeerAddress, OfEachFamily) {
  EXPECT_EQ(sizeof(PeerAddress), 17u);
  EXPECT_EQ(peer_address(literal("192.0.2.7", 80)).text(), "192.0.2.7");
  EXPECT_EQ(peer_address(literal("2001:db8::a", 80)).text(), "2001:db8::a");
  EXPECT_EQ(peer_address(literal("2001:db8::a")).family, 6);
  auto mapped = peer_address(literal("::ffff:192.0.2.7"));
  EXPECT_EQ(mapped.family, 4) << "known by the address that it has";
  EXPECT_EQ(mapped.text(), "192.0.2.7");
  Endpoint none;
  EXPECT_EQ(peer_address(none).family, 0);
  EXPECT_EQ(peer_address(none).text(), "unix");
}

}  // namespace
}  // namespace holdfast::net
