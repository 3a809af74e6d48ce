// SPDX-License-Identifier: Apache-2.0
// What changes in a head on its way through: towards the origin (REQ, XFF, XFP rules), and back to the client.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <holdfast/exchange.h>
#include <holdfast/instruct.h>

#include "proxy/options.h"
#include "proxy/route.h"
#include "proxy/stored_request.h"
#include "wire/http1_response.h"

namespace holdfast::proxy {

/// How the body towards the origin is framed (REQ-15).
struct OriginFraming {
  BodyKind kind = BodyKind::none;
  std::uint64_t size = 0;
};

/// What the origin sees as Host (REQ-1, REQ-14): the target's own, the route's, or the client's.
std::string_view host_for(const StoredRequest& request, const Route& route, const Target& target);

/// Writes the head that the origin gets. `signature` is the Grip-Sig value, empty: none.
void append_origin_head(std::string& out, const StoredRequest& request, const Route& route, const Target& target,
                        const ProxyOptions& options, const PeerAddress& peer, std::string_view signature,
                        const OriginFraming& framing);

/// Narrowed to the codings that instructions can be decoded from (contract §7); "identity" when none is left.
std::string narrow_accept_encoding(std::string_view value);

/// X-Forwarded-For by its rule (XFF-2): all inbound values in order, cut, perhaps with the peer appended.
std::string forwarded_for(Fields fields, const ForwardedForRule& rule, const PeerAddress& peer);

enum class GripFields : bool { keep, strip };
enum class ContentCoding : bool { keep, decoded };

/// Appends the fields of an origin's response that the client is to see: without what concerns this hop, and without
/// framing, which the session makes anew.
void client_fields(std::vector<Field>& out, Fields fields, GripFields grip, ContentCoding coding,
                   const std::optional<std::vector<std::string>>& expose);

/// The fields that tell intermediaries to pass a held stream on at once, unless the origin has set them.
void add_stream_fields(std::vector<Field>& fields);

}  // namespace holdfast::proxy
