// SPDX-License-Identifier: Apache-2.0
// Ranges of addresses in CIDR notation.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include <holdfast/exchange.h>

namespace holdfast::net {

/// "10.0.0.0/8", "::1", "2001:db8::/32"
class Network {
 public:
  /// Nothing when it is not one. Bits behind the prefix do not matter.
  static std::optional<Network> parse(std::string_view text);
  bool contains(const PeerAddress& address) const;

 private:
  PeerAddress address_;
  unsigned prefix_ = 0;
};

bool contains(const std::vector<Network>& networks, const PeerAddress& address);

}  // namespace holdfast::net
