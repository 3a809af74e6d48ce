// SPDX-License-Identifier: Apache-2.0
#include "origin/failure.h"

#include <cerrno>

namespace holdfast::origin {

using wire::ProxyError;

const char* to_text(Stage stage) {
  switch (stage) {
    case Stage::dns: return "dns";
    case Stage::connect: return "connect";
    case Stage::tls: return "tls";
    case Stage::write: return "write";
    case Stage::header: return "header";
    case Stage::body: return "body";
  }
  return "unknown";
}

base::Cause OriginError::cause() const {
  using base::Cause;
  if (overload()) return Cause::limit;
  switch (stage) {
    case Stage::dns: return timed_out ? Cause::dns_timeout : Cause::dns;
    case Stage::connect: return timed_out ? Cause::connect_timeout : Cause::connect;
    case Stage::tls: return timed_out ? Cause::tls_timeout : Cause::tls;
    case Stage::write: return timed_out ? Cause::write_timeout : Cause::write;
    case Stage::header: return timed_out ? Cause::header_timeout : Cause::header;
    case Stage::body: return timed_out ? Cause::body_timeout : Cause::body;
  }
  return Cause::none;
}

ProxyError connect_error_of(int error) {
  switch (error) {
    case ECONNREFUSED: return ProxyError::connection_refused;
    case ETIMEDOUT: return ProxyError::connection_timeout;
    case ECONNRESET: return ProxyError::connection_terminated;
    case ENETUNREACH:
    case EHOSTUNREACH:
    case EAFNOSUPPORT: return ProxyError::destination_ip_unroutable;
    // Ours: descriptors, ports or memory have run out.
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case ENOBUFS:
    case ENOSPC:
    case EADDRNOTAVAIL: return ProxyError::proxy_internal_error;
    // Of a unix socket: not there, not for us, or with a queue that is full.
    default: return ProxyError::destination_unavailable;
  }
}

ProxyError handshake_error_of(net::Tls::Fault fault) {
  switch (fault) {
    case net::Tls::Fault::certificate: return ProxyError::tls_certificate_error;
    case net::Tls::Fault::alert: return ProxyError::tls_alert_received;
    case net::Tls::Fault::closed: return ProxyError::connection_terminated;
    case net::Tls::Fault::protocol: break;
  }
  return ProxyError::tls_protocol_error;
}

ProxyError timeout_error_of(Stage stage) {
  switch (stage) {
    case Stage::dns: return ProxyError::dns_timeout;
    case Stage::connect:
    case Stage::tls: return ProxyError::connection_timeout;
    case Stage::write: return ProxyError::connection_write_timeout;
    case Stage::header: return ProxyError::http_response_timeout;
    case Stage::body: return ProxyError::connection_read_timeout;
  }
  return ProxyError::connection_read_timeout;
}

}  // namespace holdfast::origin
