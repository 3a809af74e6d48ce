// SPDX-License-Identifier: Apache-2.0
#include "net/network.h"

#include <algorithm>

#include "base/text.h"
#include "net/address.h"

namespace holdfast::net {

std::optional<Network> Network::parse(std::string_view text) {
  auto slash = text.find('/');
  auto endpoint = parse_literal(text.substr(0, slash), 0);
  if (!endpoint) return std::nullopt;
  Network network;
  // A mapped address stays IPv6 in a literal, but peers are known by their IPv4 address: such a range would match
  // nobody.
  network.address_ = peer_address(*endpoint);
  unsigned most = network.address_.family == 4 ? 32 : 128;
  network.prefix_ = most;
  if (slash != std::string_view::npos) {
    auto prefix = base::parse_decimal(text.substr(slash + 1));
    if (!prefix || *prefix > most) return std::nullopt;
    network.prefix_ = static_cast<unsigned>(*prefix);
  }
  return network;
}

bool Network::contains(const PeerAddress& address) const {
  if (address.family != address_.family) return false;
  auto whole = prefix_ / 8;
  if (!std::equal(address.bytes, address.bytes + whole, address_.bytes)) return false;
  auto bits = prefix_ % 8;
  if (bits == 0) return true;
  auto mask = 0xff00u >> bits;
  return ((address.bytes[whole] ^ address_.bytes[whole]) & mask & 0xff) == 0;
}

bool contains(const std::vector<Network>& networks, const PeerAddress& address) {
  return std::any_of(networks.begin(), networks.end(), [&](const auto& n) { return n.contains(address); });
}

}  // namespace holdfast::net
