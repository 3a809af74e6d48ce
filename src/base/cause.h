// SPDX-License-Identifier: Apache-2.0
// Why a request was not answered as its origin would have answered it: the `cause` of log lines (docs/logs.md).
#pragma once

#include <cstdint>

namespace holdfast::base {

enum class Cause : std::uint8_t {
  none,
  // the stages of a request to an origin, each also as what took too long
  dns,
  dns_timeout,
  connect,
  connect_timeout,
  tls,
  tls_timeout,
  write,
  write_timeout,
  header,
  header_timeout,
  body,
  body_timeout,
  grip,             ///< the origin's instructions
  route,            ///< there is none for the request
  unsupported,      ///< the request or its route asks for what does not exist
  request,          ///< the client's message is not HTTP as it should be
  request_timeout,  ///< or did not arrive in time
  limit,            ///< the client, its message or the daemon is over a limit of the configuration
};

/// "connect-timeout"; empty for none. A constant.
const char* to_text(Cause cause);

}  // namespace holdfast::base
