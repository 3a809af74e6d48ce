// SPDX-License-Identifier: Apache-2.0
#include "net/network.h"

#include <string_view>

#include <gtest/gtest.h>

#include "net/address.h"

namespace holdfast::net {
namespace {

bool matches(std::string_view network, std::string_view address) {
  auto parsed = Network::parse(network);
  auto endpoint = parse_literal(address, 0);
  EXPECT_TRUE(parsed) << network;
  EXPECT_TRUE(endpoint) << address;
  return parsed && endpoint && parsed->contains(peer_address(*endpoint));
}

TEST(Network, Contains) {
  EXPECT_TRUE(matches("10.0.0.0/8", "10.255.0.1"));
  EXPECT_FALSE(matches("10.0.0.0/8", "11.0.0.0"));
  EXPECT_TRUE(matches("192.0.2.128/25", "192.0.2.255"));
  EXPECT_FALSE(matches("192.0.2.128/25", "192.0.2.127"));
  EXPECT_TRUE(matches("192.0.2.1", "192.0.2.1"));
  EXPECT_FALSE(matches("192.0.2.1", "192.0.2.0"));
  EXPECT_TRUE(matches("192.0.2.1/32", "192.0.2.1"));
  EXPECT_FALSE(matches("192.0.2.0/31", "192.0.2.2"));
  EXPECT_TRUE(matches("0.0.0.0/0", "203.0.113.9"));
  EXPECT_TRUE(matches("2001:db8::/32", "2001:db8:ffff::1"));
  EXPECT_FALSE(matches("2001:db8::/32", "2001:db9::"));
  EXPECT_TRUE(matches("2001:db8::/33", "2001:db8:7fff::"));
  EXPECT_FALSE(matches("2001:db8::/33", "2001:db8:8000::"));
  EXPECT_TRUE(matches("::1", "::1"));
  EXPECT_FALSE(matches("::1", "::2"));
  EXPECT_TRUE(matches("::/0", "2001:db8::1"));
}

TEST(Network, BitsBehindThePrefixDoNotMatter) {
  EXPECT_TRUE(matches("10.1.2.3/8", "10.9.9.9"));
}

TEST(Network, FamiliesAreKeptApart) {
  EXPECT_FALSE(matches("0.0.0.0/0", "::1"));
  EXPECT_FALSE(matches("::/0", "127.0.0.1"));
  // A peer with a mapped address is known by its IPv4 address.
  EXPECT_TRUE(matches("192.0.2.0/24", "::ffff:192.0.2.7"));
  EXPECT_FALSE(Network::parse("0.0.0.0/0")->contains(PeerAddress()));  // of a unix socket
}

TEST(Network, WhatIsNone) {
  for (std::string_view text : {"", "/", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8/8", "10.0.0.0/ 8",
                                "10.0.0/8", "::/129", "[::1]/128", "host", "10.0.0.0/99999999999999999999"}) {
    EXPECT_FALSE(Network::parse(text)) << text;
  }
}

TEST(Network, AnyOfAList) {
  auto inside = peer_address(*parse_literal("192.0.2.1", 0));
  EXPECT_FALSE(contains({}, inside));
  EXPECT_TRUE(contains({*Network::parse("10.0.0.0/8"), *Network::parse("192.0.2.0/24")}, inside));
}

}  // namespace
}  // namespace holdfast::net
