// SPDX-License-Identifier: Apache-2.0
#include "net/address.h"

#include <cstddef>
#include <cstring>

#include <arpa/inet.h>
#include <fmt/core.h>
#include <sys/un.h>

namespace holdfast {

std::string PeerAddress::text() const {
  if (family == 0) return "unix";
  char out[INET6_ADDRSTRLEN];
  ::inet_ntop(family == 4 ? AF_INET : AF_INET6, bytes, out, sizeof out);
  return out;
}

}  // namespace holdfast

namespace holdfast::net {
namespace {

const sockaddr_in& v4(const Endpoint& e) {
  return reinterpret_cast<const sockaddr_in&>(e.storage);
}
const sockaddr_in6& v6(const Endpoint& e) {
  return reinterpret_cast<const sockaddr_in6&>(e.storage);
}

/// The IPv4 address in host order, also of a v4-mapped IPv6 address.
std::optional<std::uint32_t> ipv4_of(const Endpoint& endpoint) {
  if (endpoint.family() == AF_INET) return ntohl(v4(endpoint).sin_addr.s_addr);
  const auto& address = v6(endpoint).sin6_addr;
  if (!IN6_IS_ADDR_V4MAPPED(&address)) return std::nullopt;
  std::uint32_t mapped;
  std::memcpy(&mapped, address.s6_addr + 12, 4);
  return ntohl(mapped);
}

}  // namespace

std::string Endpoint::text() const {
  if (is_unix()) return fmt::format("unix:{}", reinterpret_cast<const sockaddr_un&>(storage).sun_path);
  auto peer = peer_address(*this);
  return family() == AF_INET6 ? fmt::format("[{}]:{}", peer.text(), ntohs(v6(*this).sin6_port))
                              : fmt::format("{}:{}", peer.text(), ntohs(v4(*this).sin_port));
}

std::optional<Endpoint> parse_literal(std::string_view host, std::uint16_t port) {
  std::string text(host);
  Endpoint endpoint;
  auto& four = reinterpret_cast<sockaddr_in&>(endpoint.storage);
  if (::inet_pton(AF_INET, text.c_str(), &four.sin_addr) == 1) {
    four.sin_family = AF_INET;
    four.sin_port = htons(port);
    endpoint.size = sizeof four;
    return endpoint;
  }
  auto& six = reinterpret_cast<sockaddr_in6&>(endpoint.storage);
  if (::inet_pton(AF_INET6, text.c_str(), &six.sin6_addr) == 1) {
    six.sin6_family = AF_INET6;
    six.sin6_port = htons(port);
    endpoint.size = sizeof six;
    return endpoint;
  }
  return std::nullopt;
}

std::optional<Endpoint> unix_endpoint(std::string_view path) {
  Endpoint endpoint;
  auto& address = reinterpret_cast<sockaddr_un&>(endpoint.storage);
  if (path.empty() || path.size() >= sizeof address.sun_path) return std::nullopt;
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  endpoint.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
  return endpoint;
}

bool is_internal(const Endpoint& endpoint) {
  if (endpoint.is_unix()) return true;
  if (auto four = ipv4_of(endpoint)) {
    auto a = *four;
    return a >> 24 == 0 || a >> 24 == 127 || a >> 24 == 10 || a >> 20 == 0xac1 || a >> 16 == 0xc0a8 ||
           a >> 16 == 0xa9fe;
  }
  const auto& six = v6(endpoint).sin6_addr;
  return IN6_IS_ADDR_LOOPBACK(&six) || IN6_IS_ADDR_UNSPECIFIED(&six) || (six.s6_addr[0] & 0xfe) == 0xfc ||
         (six.s6_addr[0] == 0xfe && (six.s6_addr[1] & 0xc0) == 0x80);
}

PeerAddress peer_address(const Endpoint& endpoint) {
  PeerAddress peer;
  if (endpoint.family() == AF_INET) {
    peer.family = 4;
    std::memcpy(peer.bytes, &v4(endpoint).sin_addr, 4);
  } else if (endpoint.family() == AF_INET6) {
    const auto& six = v6(endpoint).sin6_addr;
    // A client of a dual-stack socket is known by the address that it has, not by the mapped one.
    bool mapped = IN6_IS_ADDR_V4MAPPED(&six);
    peer.family = mapped ? 4 : 6;
    if (mapped) {
      std::memcpy(peer.bytes, six.s6_addr + 12, 4);
    } else {
      std::memcpy(peer.bytes, six.s6_addr, 16);
    }
  }
  return peer;
}

}  // namespace holdfast::net
