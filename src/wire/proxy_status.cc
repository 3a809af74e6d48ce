// SPDX-License-Identifier: Apache-2.0
#include "wire/proxy_status.h"

#include <algorithm>

#include "wire/http1_fields.h"

namespace holdfast::wire {
namespace {

constexpr std::size_t kMostDetails = 500;

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// sf-token of RFC 8941 §3.3.4
bool is_structured_token(std::string_view text) {
  if (text.empty() || !(is_letter(text.front()) || text.front() == '*')) return false;
  return std::all_of(text.begin(), text.end(), [](char c) { return is_token_char(c) || c == ':' || c == '/'; });
}

void append_structured_string(std::string& out, std::string_view text) {
  out += '"';
  for (char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c >= 0x20 && c < 0x7f ? c : '?';
  }
  out += '"';
}

}  // namespace

const char* to_text(ProxyError error) {
  switch (error) {
    case ProxyError::dns_timeout: return "dns_timeout";
    case ProxyError::dns_error: return "dns_error";
    case ProxyError::destination_not_found: return "destination_not_found";
    case ProxyError::destination_unavailable: return "destination_unavailable";
    case ProxyError::destination_ip_prohibited: return "destination_ip_prohibited";
    case ProxyError::destination_ip_unroutable: return "destination_ip_unroutable";
    case ProxyError::connection_refused: return "connection_refused";
    case ProxyError::connection_terminated: return "connection_terminated";
    case ProxyError::connection_timeout: return "connection_timeout";
    case ProxyError::connection_read_timeout: return "connection_read_timeout";
    case ProxyError::connection_write_timeout: return "connection_write_timeout";
    case ProxyError::connection_limit_reached: return "connection_limit_reached";
    case ProxyError::tls_protocol_error: return "tls_protocol_error";
    case ProxyError::tls_certificate_error: return "tls_certificate_error";
    case ProxyError::tls_alert_received: return "tls_alert_received";
    case ProxyError::http_request_error: return "http_request_error";
    case ProxyError::http_response_incomplete: return "http_response_incomplete";
    case ProxyError::http_response_header_section_size: return "http_response_header_section_size";
    case ProxyError::http_response_body_size: return "http_response_body_size";
    case ProxyError::http_response_transfer_coding: return "http_response_transfer_coding";
    case ProxyError::http_response_content_coding: return "http_response_content_coding";
    case ProxyError::http_response_timeout: return "http_response_timeout";
    case ProxyError::http_protocol_error: return "http_protocol_error";
    case ProxyError::proxy_internal_response: return "proxy_internal_response";
    case ProxyError::proxy_internal_error: return "proxy_internal_error";
    case ProxyError::proxy_configuration_error: return "proxy_configuration_error";
  }
  return "proxy_internal_error";
}

ProxyError error_of_status(int status) {
  if (status >= 400 && status < 500) return ProxyError::http_request_error;
  return status == 503 ? ProxyError::connection_limit_reached : ProxyError::proxy_internal_response;
}

std::string encode_proxy_status(std::string_view proxy, ProxyError error, std::string_view details) {
  std::string out;
  if (is_structured_token(proxy)) {
    out = proxy;
  } else {
    append_structured_string(out, proxy);
  }
  out += "; error=";
  out += to_text(error);
  if (!details.empty()) {
    out += "; details=";
    append_structured_string(out, details.substr(0, kMostDetails));
  }
  return out;
}

}  // namespace holdfast::wire
