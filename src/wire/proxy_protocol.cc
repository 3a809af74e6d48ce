// SPDX-License-Identifier: Apache-2.0
#include "wire/proxy_protocol.h"

#include <algorithm>
#include <cstring>
#include <string>

#include <arpa/inet.h>

#include "base/text.h"

namespace holdfast::wire {
namespace {

constexpr std::string_view kSignature2("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr std::string_view kSignature1 = "PROXY ";
constexpr std::size_t kMaxLine1 = 107;  // with its CRLF

ProxyHeader bad(const char* why) {
  return {ProxyHeader::State::bad, 0, std::nullopt, why};
}

bool starts_alike(std::string_view input, std::string_view signature) {
  auto size = std::min(input.size(), signature.size());
  return input.substr(0, size) == signature.substr(0, size);
}

/// A mapped IPv4 address is the IPv4 address, as everywhere.
PeerAddress address_of(const void* bytes, int family) {
  static constexpr unsigned char kMapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  PeerAddress peer;
  bool mapped = family == AF_INET6 && std::memcmp(bytes, kMapped, sizeof kMapped) == 0;
  peer.family = family == AF_INET || mapped ? 4 : 6;
  std::memcpy(peer.bytes, static_cast<const char*>(bytes) + (mapped ? sizeof kMapped : 0), peer.family == 4 ? 4 : 16);
  return peer;
}

std::optional<PeerAddress> parse_address(int family, std::string_view text) {
  unsigned char bytes[16];
  if (text.find('\0') != std::string_view::npos) return std::nullopt;
  if (::inet_pton(family, std::string(text).c_str(), bytes) != 1) return std::nullopt;
  return address_of(bytes, family);
}

/// "PROXY TCP4 192.0.2.1 192.0.2.2 1234 80\r\n", "PROXY UNKNOWN …\r\n"
ProxyHeader parse_version_1(std::string_view input) {
  auto end = input.find("\r\n");
  if (end == std::string_view::npos) {
    return input.size() < kMaxLine1 ? ProxyHeader{} : bad("a PROXY line is longer than 107 bytes");
  }
  if (end + 2 > kMaxLine1) return bad("a PROXY line is longer than 107 bytes");
  ProxyHeader header{ProxyHeader::State::complete, end + 2, std::nullopt, ""};
  auto line = input.substr(kSignature1.size(), end - kSignature1.size());
  if (line == "UNKNOWN" || line.starts_with("UNKNOWN ")) return header;
  auto words = base::split(line, ' ');
  if (words.size() != 5 || (words[0] != "TCP4" && words[0] != "TCP6")) return bad("malformed PROXY line");
  int family = words[0] == "TCP4" ? AF_INET : AF_INET6;
  auto source = parse_address(family, words[1]);
  auto source_port = base::parse_decimal(words[3]);
  auto target_port = base::parse_decimal(words[4]);
  if (!source || !parse_address(family, words[2]) || !source_port || *source_port > 65535 || !target_port ||
      *target_port > 65535) {
    return bad("malformed PROXY line");
  }
  header.peer = source;
  return header;
}

/// Signature, version and command, family, length of what follows (§2.2 of the specification).
ProxyHeader parse_version_2(std::string_view input) {
  constexpr std::size_t kFixed = 16;
  if (input.size() < kFixed) return {};
  auto byte = [&](std::size_t i) { return static_cast<unsigned>(static_cast<unsigned char>(input[i])); };
  if (byte(12) >> 4 != 2) return bad("a PROXY header of a version that is neither 1 nor 2");
  auto command = byte(12) & 15;
  if (command > 1) return bad("unknown command in a PROXY header");
  std::size_t length = byte(14) << 8 | byte(15);
  if (kFixed + length > kMaxProxyHeader) return bad("a PROXY header is longer than 1024 bytes");
  if (input.size() < kFixed + length) return {};
  ProxyHeader header{ProxyHeader::State::complete, kFixed + length, std::nullopt, ""};
  auto family = byte(13);
  std::size_t needs = family == 0x11 ? 12 : family == 0x21 ? 36 : 0;
  if (command == 0) return header;  // LOCAL, a health check: what follows is to be ignored
  if (family >> 4 > 3 || (family & 15) > 2) return bad("unknown address family or protocol in a PROXY header");
  if (needs == 0) return header;  // unspecified, unix sockets, datagrams: nothing that we could say of the client
  if (length < needs) return bad("a PROXY header is too short for its addresses");
  header.peer = address_of(input.data() + kFixed, family == 0x11 ? AF_INET : AF_INET6);
  return header;
}

}  // namespace

ProxyHeader parse_proxy_header(std::string_view input) {
  if (input.empty()) return {};
  if (starts_alike(input, kSignature2))
    return input.size() < kSignature2.size() ? ProxyHeader{} : parse_version_2(input);
  if (starts_alike(input, kSignature1))
    return input.size() < kSignature1.size() ? ProxyHeader{} : parse_version_1(input);
  return {ProxyHeader::State::absent, 0, std::nullopt, ""};
}

}  // namespace holdfast::wire
