// SPDX-License-Identifier: Apache-2.0
// Errors that the proxy answers itself: plain text of one line (grip-http §7), and Proxy-Status (RFC 9209).
#pragma once

#include <cstdint>
#include <string_view>

#include <holdfast/exchange.h>

#include "wire/proxy_status.h"

namespace holdfast::proxy {

struct ErrorAnswer {
  int status = 502;
  wire::ProxyError error = wire::ProxyError::proxy_internal_error;
  std::string_view line;            ///< the body, without its end
  std::string_view details = {};    ///< for Proxy-Status: only where the client may know
  std::uint32_t retry_after_s = 0;  ///< 0: it is not said
};

/// The whole response. `proxy` is our name in Proxy-Status. Sets the close reason by the status.
void answer_error(Exchange& exchange, std::string_view proxy, const ErrorAnswer& answer);

}  // namespace holdfast::proxy
