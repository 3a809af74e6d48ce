// SPDX-License-Identifier: Apache-2.0
// Proxy-Status (RFC 9209): what a proxy says of an error that it answers itself.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace holdfast::wire {

/// The registered error types (RFC 9209 §2.3) that can happen here.
enum class ProxyError : std::uint8_t {
  dns_timeout,
  dns_error,
  destination_not_found,
  destination_unavailable,
  destination_ip_prohibited,
  destination_ip_unroutable,
  connection_refused,
  connection_terminated,
  connection_timeout,
  connection_read_timeout,
  connection_write_timeout,
  connection_limit_reached,
  tls_protocol_error,
  tls_certificate_error,
  tls_alert_received,
  http_request_error,
  http_response_incomplete,
  http_response_header_section_size,
  http_response_body_size,
  http_response_transfer_coding,
  http_response_content_coding,
  http_response_timeout,
  http_protocol_error,
  proxy_internal_response,
  proxy_internal_error,
  proxy_configuration_error,
};

/// Its registered name. A constant.
const char* to_text(ProxyError error);

/// The error of a proxy that answers by itself, without having asked anybody: of the client's message for 4xx, of too
/// many at once for 503, and else no error but an answer of its own.
ProxyError error_of_status(int status);

/// The field's value: one member, `holdfast; error=dns_error; details="…"`. `proxy` is whatever it is called; empty
/// details are left out, and what a structured string (RFC 8941 §3.3.3) cannot hold of them becomes a question mark.
std::string encode_proxy_status(std::string_view proxy, ProxyError error, std::string_view details = {});

}  // namespace holdfast::wire
