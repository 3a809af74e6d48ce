// SPDX-License-Identifier: Apache-2.0
#include "wire/proxy_protocol.h"

#include <initializer_list>
#include <string>
#include <string_view>

#include <arpa/inet.h>
#include <gtest/gtest.h>

namespace holdfast::wire {
namespace {

using State = ProxyHeader::State;

constexpr std::string_view kSignature("\r\n\r\n\0\r\nQUIT\n", 12);

/// A header of version 2: what follows the signature, and then this.
std::string version_2(unsigned command, unsigned family, std::string_view payload, std::size_t length) {
  std::string header(kSignature);
  header += static_cast<char>(command);
  header += static_cast<char>(family);
  header += static_cast<char>(length >> 8);
  header += static_cast<char>(length);
  header += payload;
  return header;
}
std::string version_2(unsigned command, unsigned family, std::string_view payload) {
  return version_2(command, family, payload, payload.size());
}

std::string bytes(std::initializer_list<int> values) {
  std::string all;
  for (int value : values) all += static_cast<char>(value);
  return all;
}

const std::string kFour = bytes({192, 0, 2, 1, 198, 51, 100, 2, 0x30, 0x39, 0x01, 0xbb});
const std::string kSix = bytes({0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}) + std::string(16, '\1') +
                         bytes({0x30, 0x39, 0x01, 0xbb});

std::string text_of(const PeerAddress& peer) {
  char text[INET6_ADDRSTRLEN];
  return ::inet_ntop(peer.family == 4 ? AF_INET : AF_INET6, peer.bytes, text, sizeof text);
}

/// What the header says of the client; the request behind it must not be touched.
std::string peer_of(const std::string& header) {
  auto parsed = parse_proxy_header(header + "GET / HTTP/1.1\r\n");
  if (parsed.state == State::bad) return std::string("bad: ") + parsed.error;
  if (parsed.state == State::absent) return "absent";
  if (parsed.state == State::incomplete) return "incomplete";
  EXPECT_EQ(parsed.size, header.size());
  return parsed.peer ? text_of(*parsed.peer) : "none";
}

TEST(ProxyProtocol, Version1) {
  EXPECT_EQ(peer_of("PROXY TCP4 192.0.2.1 198.51.100.2 12345 443\r\n"), "192.0.2.1");
  EXPECT_EQ(peer_of("PROXY TCP6 2001:db8::1 2001:db8::2 65535 0\r\n"), "2001:db8::1");
  EXPECT_EQ(peer_of("PROXY TCP6 ::ffff:192.0.2.1 ::1 1 2\r\n"), "192.0.2.1");
  EXPECT_EQ(peer_of("PROXY UNKNOWN\r\n"), "none");
  EXPECT_EQ(peer_of("PROXY UNKNOWN whatever there is\r\n"), "none");
}

TEST(ProxyProtocol, Version1Malformed) {
  for (std::string_view line :
       {"PROXY \r\n", "PROXY TCP4\r\n", "PROXY TCP4 192.0.2.1 198.51.100.2 12345\r\n",
        "PROXY TCP4 192.0.2.1 198.51.100.2 12345 443 \r\n", "PROXY TCP4 192.0.2.1  198.51.100.2 12345 443\r\n",
        "PROXY TCP4 192.0.2.256 198.51.100.2 12345 443\r\n", "PROXY TCP4 2001:db8::1 2001:db8::2 1 2\r\n",
        "PROXY TCP6 192.0.2.1 198.51.100.2 1 2\r\n", "PROXY TCP4 192.0.2.1 198.51.100.2 65536 443\r\n",
        "PROXY TCP4 192.0.2.1 198.51.100.2 1 -1\r\n", "PROXY TCP4 192.0.2.1 198.51.100.2 x 443\r\n",
        "PROXY TCP5 192.0.2.1 198.51.100.2 1 2\r\n", "PROXY UDP4 192.0.2.1 198.51.100.2 1 2\r\n",
        "PROXY tcp4 192.0.2.1 198.51.100.2 1 2\r\n", "PROXY UNKNOWNX\r\n", "PROXY TCP4 192.0.2.1 x 1 2\r\n"}) {
    EXPECT_EQ(peer_of(std::string(line)), "bad: malformed PROXY line") << line;
  }
  std::string nul("PROXY TCP4 192.0.2.1_x 198.51.100.2 1 2\r\n");
  nul[nul.find('_')] = '\0';
  EXPECT_EQ(peer_of(nul), "bad: malformed PROXY line");
}

TEST(ProxyProtocol, Version1IsNoLongerThanItMayBe) {
  std::string begin = "PROXY UNKNOWN ";
  EXPECT_EQ(peer_of(begin + std::string(105 - begin.size(), 'x') + "\r\n"), "none");
  EXPECT_EQ(peer_of(begin + std::string(106 - begin.size(), 'x') + "\r\n"),
            "bad: a PROXY line is longer than 107 bytes");
  auto endless = begin + std::string(200, 'x');
  for (std::size_t size = begin.size(); size < endless.size(); ++size) {
    EXPECT_EQ(parse_proxy_header(endless.substr(0, size)).state, size < 107 ? State::incomplete : State::bad) << size;
  }
}

TEST(ProxyProtocol, Version2) {
  EXPECT_EQ(peer_of(version_2(0x21, 0x11, kFour)), "192.0.2.1");
  EXPECT_EQ(peer_of(version_2(0x21, 0x21, kSix)), "2001:db8::1");
  auto mapped = bytes({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 192, 0, 2, 1}) + kSix.substr(16);
  EXPECT_EQ(peer_of(version_2(0x21, 0x21, mapped)), "192.0.2.1");
}

TEST(ProxyProtocol, Version2WithExtensions) {
  auto extension = bytes({0x04, 0, 3, 1, 2, 3}) + bytes({0x20, 0, 0});
  EXPECT_EQ(peer_of(version_2(0x21, 0x11, kFour + extension)), "192.0.2.1");
  EXPECT_EQ(peer_of(version_2(0x21, 0x21, kSix + std::string(1024 - 16 - 36, '\0'))), "2001:db8::1");
  EXPECT_EQ(peer_of(version_2(0x21, 0x21, kSix + std::string(1025 - 16 - 36, '\0'))),
            "bad: a PROXY header is longer than 1024 bytes");
  EXPECT_EQ(parse_proxy_header(version_2(0x21, 0x11, "", 65535)).state, State::bad) << "before any of it has come";
}

TEST(ProxyProtocol, Version2WithoutAClient) {
  EXPECT_EQ(peer_of(version_2(0x20, 0x00, "")), "none");
  EXPECT_EQ(peer_of(version_2(0x20, 0x11, kFour)), "none");  // LOCAL, whatever else it says
  EXPECT_EQ(peer_of(version_2(0x20, 0xff, "ignored")), "none");
  EXPECT_EQ(peer_of(version_2(0x21, 0x00, "")), "none");
  EXPECT_EQ(peer_of(version_2(0x21, 0x31, std::string(216, 'u'))), "none");  // unix sockets
  EXPECT_EQ(peer_of(version_2(0x21, 0x12, kFour)), "none");                  // datagrams
}

TEST(ProxyProtocol, Version2Malformed) {
  EXPECT_EQ(peer_of(version_2(0x11, 0x11, kFour)), "bad: a PROXY header of a version that is neither 1 nor 2");
  EXPECT_EQ(peer_of(version_2(0x31, 0x11, kFour)), "bad: a PROXY header of a version that is neither 1 nor 2");
  EXPECT_EQ(peer_of(version_2(0x22, 0x11, kFour)), "bad: unknown command in a PROXY header");
  EXPECT_EQ(peer_of(version_2(0x21, 0x41, kFour)), "bad: unknown address family or protocol in a PROXY header");
  EXPECT_EQ(peer_of(version_2(0x21, 0x13, kFour)), "bad: unknown address family or protocol in a PROXY header");
  EXPECT_EQ(peer_of(version_2(0x21, 0x11, kFour.substr(1))), "bad: a PROXY header is too short for its addresses");
  EXPECT_EQ(peer_of(version_2(0x21, 0x21, kSix.substr(1))), "bad: a PROXY header is too short for its addresses");
}

TEST(ProxyProtocol, SomethingElse) {
  EXPECT_EQ(peer_of("GET / HTTP/1.1\r\n"), "absent");
  EXPECT_EQ(peer_of("PUT / HTTP/1.1\r\n"), "absent");
  EXPECT_EQ(peer_of("PROPFIND / HTTP/1.1\r\n"), "absent");
  EXPECT_EQ(peer_of("PROXY/ HTTP/1.1\r\n"), "absent");
  EXPECT_EQ(peer_of("proxy TCP4"), "absent");
  EXPECT_EQ(peer_of("\r\nGET / HTTP/1.1\r\n"), "absent");
  EXPECT_EQ(peer_of("\x16\x03\x01"), "absent");
  EXPECT_EQ(parse_proxy_header(std::string_view("\0", 1)).state, State::absent);
}

// Every beginning of a good header is one that may still become one.
TEST(ProxyProtocol, CutAtEveryByte) {
  for (const auto& header :
       {std::string("PROXY TCP4 192.0.2.1 198.51.100.2 12345 443\r\n"), std::string("PROXY UNKNOWN\r\n"),
        version_2(0x21, 0x11, kFour), version_2(0x21, 0x21, kSix + "extension"), version_2(0x20, 0x00, "")}) {
    for (std::size_t size = 0; size < header.size(); ++size) {
      EXPECT_EQ(parse_proxy_header(header.substr(0, size)).state, State::incomplete) << size << " of " << header;
    }
    EXPECT_EQ(parse_proxy_header(header).state, State::complete);
  }
}

}  // namespace
}  // namespace holdfast::wire
