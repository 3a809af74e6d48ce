// SPDX-License-Identifier: Apache-2.0
// How a request to an origin failed: for the retry, the log and the client.
#pragma once

#include <cstdint>
#include <string>

#include "base/cause.h"
#include "net/tls.h"
#include "wire/proxy_status.h"

namespace holdfast::origin {

enum class Stage : std::uint8_t { dns, connect, tls, write, header, body };
const char* to_text(Stage stage);

struct OriginError {
  Stage stage = Stage::connect;
  wire::ProxyError error = wire::ProxyError::connection_refused;
  bool timed_out = false;
  std::string detail;         ///< names addresses: for the log, and for clients that may know
  bool request_sent = false;  ///< in spite of the stage: TLS 1.3 tells late that our certificate will not do

  /// Nothing of the request has been sent.
  bool before_request() const {
    return !request_sent && (stage == Stage::dns || stage == Stage::connect || stage == Stage::tls);
  }
  /// By policy: an untrusted target that leads to an internal address.
  bool blocked() const { return error == wire::ProxyError::destination_ip_prohibited; }
  /// It is us: no connection to it became free in time.
  bool overload() const { return error == wire::ProxyError::connection_limit_reached; }
  base::Cause cause() const;
};

/// What RFC 9209 calls this errno of socket() or connect().
wire::ProxyError connect_error_of(int error);
wire::ProxyError handshake_error_of(net::Tls::Fault fault);
/// What it calls silence at this stage.
wire::ProxyError timeout_error_of(Stage stage);

}  // namespace holdfast::origin
