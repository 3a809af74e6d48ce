// SPDX-License-Identifier: Apache-2.0
#include "wire/field_id.h"

#include "base/text.h"

namespace holdfast::wire {
namespace {

/// `known` is in lower case and hyphenated.
bool same(std::string_view name, std::string_view known) {
  for (std::size_t i = 0; i < known.size(); ++i) {
    char c = name[i] == '_' ? '-' : base::lower(name[i]);
    if (c != known[i]) return false;
  }
  return true;
}

}  // namespace

FieldId field_id(std::string_view name) {
  using enum FieldId;
  auto is = [name](std::string_view known) { return same(name, known); };
  if (name.size() >= 5 && is("grip-")) return grip;
  switch (name.size()) {
    case 2: return is("te") ? te : other;
    case 4: return is("host") ? host : other;
    case 6: return is("expect") ? expect : other;
    case 7: return is("upgrade") ? upgrade : is("trailer") ? trailer : other;
    case 8: return is("cdn-loop") ? cdn_loop : other;
    case 10: return is("connection") ? connection : is("keep-alive") ? keep_alive : other;
    case 11: return is("incremental") ? incremental : other;
    case 12: return is("content-type") ? content_type : other;
    case 13: return is("cache-control") ? cache_control : is("pushpin-route") ? pushpin_route : other;
    case 14: return is("content-length") ? content_length : is("http2-settings") ? http2_settings : other;
    case 15: return is("accept-encoding") ? accept_encoding : is("x-forwarded-for") ? x_forwarded_for : other;
    case 16: return is("content-encoding") ? content_encoding : is("proxy-connection") ? proxy_connection : other;
    case 17:
      return is("transfer-encoding")   ? transfer_encoding
             : is("x-forwarded-proto") ? x_forwarded_proto
             : is("x-accel-buffering") ? x_accel_buffering
                                       : other;
    case 18: return is("proxy-authenticate") ? proxy_authenticate : other;
    case 19: return is("proxy-authorization") ? proxy_authorization : other;
    case 20: return is("x-forwarded-protocol") ? x_forwarded_protocol : other;
    default: return other;
  }
}

bool is_hop_by_hop(FieldId id) {
  using enum FieldId;
  switch (id) {
    case connection:
    case keep_alive:
    case proxy_connection:
    case te:
    case trailer:
    case transfer_encoding:
    case upgrade:
    case http2_settings: return true;
    default: return false;
  }
}

}  // namespace holdfast::wire
