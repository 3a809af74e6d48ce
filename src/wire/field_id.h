// SPDX-License-Identifier: Apache-2.0
// Names the header fields that a proxy must treat in some special way.
#pragma once

#include <cstdint>
#include <string_view>

namespace holdfast::wire {

enum class FieldId : std::uint8_t {
  other,
  accept_encoding,
  cache_control,
  cdn_loop,
  connection,
  content_encoding,
  content_length,
  content_type,
  expect,
  grip,  ///< any name that begins with "Grip-"
  host,
  http2_settings,
  incremental,
  keep_alive,
  proxy_authenticate,
  proxy_authorization,
  proxy_connection,
  pushpin_route,
  te,
  trailer,
  transfer_encoding,
  upgrade,
  x_accel_buffering,
  x_forwarded_for,
  x_forwarded_proto,
  x_forwarded_protocol,
};

/// Compares without case. An underscore counts as a hyphen: some origins fold the two together (CGI does), so a client
/// must not get "Grip_Sig" or "X_Forwarded_For" past the proxy.
FieldId field_id(std::string_view name);

/// Fields that concern one connection only and are never passed on (RFC 9110 §7.6.1), beside those that `Connection`
/// names.
bool is_hop_by_hop(FieldId id);

}  // namespace holdfast::wire
