// SPDX-License-Identifier: Apache-2.0
// The PROXY protocol, versions 1 and 2 (haproxy.org, proxy-protocol.txt): who a load balancer speaks for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include <holdfast/exchange.h>

namespace holdfast::wire {

struct ProxyHeader {
  enum class State : std::uint8_t {
    incomplete,
    absent,  ///< the bytes begin something else
    complete,
    bad,
  };
  State state = State::incomplete;
  std::size_t size = 0;  ///< of the header, once complete
  std::optional<PeerAddress>
      peer;  ///< none where the balancer speaks for itself, or of an address family that is neither
  const char* error = "";
};

/// The longest header that is read: a version 2 header with its extensions may not be longer here.
inline constexpr std::size_t kMaxProxyHeader = 1024;

/// Looks at the first bytes of a connection. Never reads behind the header.
ProxyHeader parse_proxy_header(std::string_view input);

}  // namespace holdfast::wire
