// SPDX-License-Identifier: Apache-2.0
// Socket addresses: literals, ranges, and their conversion to the small PeerAddress.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <netinet/in.h>
#include <sys/socket.h>

#include <holdfast/exchange.h>

namespace holdfast::net {

/// An IPv4 or IPv6 address with port, or the path of a unix socket.
struct Endpoint {
  sockaddr_storage storage{};
  socklen_t size = 0;

  const sockaddr* address() const { return reinterpret_cast<const sockaddr*>(&storage); }
  int family() const { return storage.ss_family; }
  bool is_unix() const { return storage.ss_family == AF_UNIX; }
  std::string text() const;  ///< "127.0.0.1:80", "[::1]:80", "unix:/run/x.sock"
};

/// A literal IPv4 or IPv6 address (without brackets), or nothing.
std::optional<Endpoint> parse_literal(std::string_view host, std::uint16_t port);

/// A unix socket; nothing when the path is empty or too long for one (107 bytes).
std::optional<Endpoint> unix_endpoint(std::string_view path);

/// Loopback, private, link-local, unspecified or unique-local: where an `untrusted` target must not lead.
bool is_internal(const Endpoint& endpoint);

PeerAddress peer_address(const Endpoint& endpoint);

}  // namespace holdfast::net
