// SPDX-License-Identifier: Apache-2.0
#include "proxy/rewrite.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "proxy/route_table.h"
#include "wire/content_coding.h"
#include "wire/field_id.h"
#include "wire/field_value.h"
#include "wire/http1_write.h"

namespace holdfast::proxy {
namespace {

using wire::FieldId;

/// The prefix of a client's original headers (REQ-4), fixed by GRIP's reference implementation.
constexpr std::string_view kOriginalPrefix = "eb9bf0f5-";

/// What Holdfast does for an origin that asks. Only what works is named.
constexpr std::string_view kGripFeatures = "status";

bool nominated(Fields fields, std::string_view name) {
  for (const auto& field : fields) {
    if (wire::field_id(field.name) == FieldId::connection && wire::list_has_token(field.value, name)) return true;
  }
  return false;
}

bool has_connection(Fields fields) {
  return std::any_of(fields.begin(), fields.end(),
                     [](const Field& f) { return wire::field_id(f.name) == FieldId::connection; });
}

bool set_by_route(const Route& route, std::string_view name) {
  return std::any_of(route.headers.begin(), route.headers.end(),
                     [name](const Header& h) { return base::iequals(h.name, name); });
}

/// REQ-4: every header once more under the prefix, so that the origin sees what the client really sent.
void append_original_headers(std::string& out, const StoredRequest& request, const ProxyOptions& options) {
  for (const auto& field : request.fields()) {
    if (base::istarts_with(field.name, kOriginalPrefix)) {
      wire::append_field(out, field.name, field.value);
      continue;
    }
    bool needs_mark = std::any_of(options.orig_headers_need_mark.begin(), options.orig_headers_need_mark.end(),
                                  [&](const auto& name) { return base::iequals(name, field.name); });
    if (needs_mark) continue;
    out += kOriginalPrefix;
    wire::append_field(out, field.name, field.value);
  }
}

/// REQ-8: the values of all fields, ours last, in one field.
void append_cdn_loop(std::string& out, Fields fields, const std::string& own) {
  std::string joined;
  for (const auto& field : fields) {
    if (wire::field_id(field.name) != FieldId::cdn_loop) continue;
    for (auto element : wire::split_list(field.value)) {
      joined += element;
      joined += ", ";
    }
  }
  joined += own;
  wire::append_field(out, "CDN-Loop", joined);
}

}  // namespace

std::string narrow_accept_encoding(std::string_view value) {
  std::string out;
  while (!value.empty()) {
    auto element = wire::take_list_element(value);
    auto coding = base::trim(element.substr(0, element.find(';')));
    if (!wire::can_decode(coding) && !base::iequals(coding, "identity")) continue;
    if (!out.empty()) out += ", ";
    out += element;
  }
  return out.empty() ? "identity" : out;
}

std::string forwarded_for(Fields fields, const ForwardedForRule& rule, const PeerAddress& peer) {
  std::vector<std::string_view> values;
  for (const auto& field : fields) {
    if (wire::field_id(field.name) != FieldId::x_forwarded_for) continue;
    for (auto value : wire::split_list(field.value)) values.push_back(value);
  }
  auto first = rule.truncate && *rule.truncate < values.size() ? values.size() - *rule.truncate : 0;
  std::string out;
  for (auto i = first; i < values.size(); ++i) {
    if (!out.empty()) out += ", ";
    out += values[i];
  }
  if (rule.append && peer.family != 0) {
    if (!out.empty()) out += ", ";
    out += peer.text();
  }
  return out;
}

std::string_view host_for(const StoredRequest& request, const Route& route, const Target& target) {
  if (!target.host_override.empty()) return target.host_override;
  if (!route.as_host.empty()) return route.as_host;
  return request.host();
}

void append_origin_head(std::string& out, const StoredRequest& request, const Route& route, const Target& target,
                        const ProxyOptions& options, const PeerAddress& peer, std::string_view signature,
                        const OriginFraming& framing) {
  out += request.method();
  out += ' ';
  append_rewritten_target(out, route, request.target());
  out += " HTTP/1.1\r\n";
  wire::append_field(out, "Host", host_for(request, route, target));

  auto fields = request.fields();
  bool nominates = has_connection(fields);
  bool handles_proto = options.accept_x_forwarded_proto || options.set_x_forwarded_proto;
  for (const auto& field : fields) {
    switch (auto id = wire::field_id(field.name)) {
      case FieldId::host:
      case FieldId::expect:
      case FieldId::content_length:
      case FieldId::grip:
      case FieldId::x_forwarded_for: continue;
      case FieldId::pushpin_route:
        if (options.accept_route_header) continue;
        break;
      case FieldId::cdn_loop:
        if (!options.cdn_loop.empty()) continue;
        break;
      case FieldId::x_forwarded_proto:
      case FieldId::x_forwarded_protocol:
        if (handles_proto) continue;
        break;
      case FieldId::accept_encoding:
        if (set_by_route(route, field.name) || (nominates && nominated(fields, field.name))) continue;
        wire::append_field(out, field.name, narrow_accept_encoding(field.value));
        continue;
      default:
        if (wire::is_hop_by_hop(id)) continue;
        break;
    }
    if (nominates && nominated(fields, field.name)) continue;
    if (!route.headers.empty() && set_by_route(route, field.name)) continue;
    if (base::istarts_with(field.name, kOriginalPrefix)) continue;
    wire::append_field(out, field.name, field.value);
  }
  for (const auto& header : route.headers) {
    if (!header.value.empty()) wire::append_field(out, header.name, header.value);
  }
  if (route.orig_headers) append_original_headers(out, request, options);
  if (!options.cdn_loop.empty()) append_cdn_loop(out, fields, options.cdn_loop);
  if (!route.no_grip) {
    if (!signature.empty()) wire::append_field(out, "Grip-Sig", signature);
    wire::append_field(out, "Grip-Feature", kGripFeatures);
  }
  if (options.set_x_forwarded_proto && request.over_tls()) wire::append_field(out, "X-Forwarded-Proto", "https");
  if (auto value = forwarded_for(fields, options.forwarded_for, peer); !value.empty()) {
    wire::append_field(out, "X-Forwarded-For", value);
  }
  if (framing.kind == BodyKind::sized) {
    wire::append_field(out, "Content-Length", framing.size);
  } else if (framing.kind == BodyKind::streaming) {
    wire::append_field(out, "Transfer-Encoding", "chunked");
  }
  wire::append_end_of_head(out);
}

void client_fields(std::vector<Field>& out, Fields fields, GripFields grip, ContentCoding coding,
                   const std::optional<std::vector<std::string>>& expose) {
  bool nominates = has_connection(fields);
  for (const auto& field : fields) {
    auto id = wire::field_id(field.name);
    if (id == FieldId::content_length || wire::is_hop_by_hop(id)) continue;
    if (id == FieldId::grip && grip == GripFields::strip) continue;
    if (id == FieldId::content_encoding && coding == ContentCoding::decoded) continue;
    if (nominates && nominated(fields, field.name)) continue;
    if (expose && std::none_of(expose->begin(), expose->end(),
                               [&](const auto& name) { return base::iequals(name, field.name); })) {
      continue;
    }
    out.push_back(field);
  }
}

void add_stream_fields(std::vector<Field>& fields) {
  auto absent = [&fields](FieldId id) {
    return std::none_of(fields.begin(), fields.end(), [id](const Field& f) { return wire::field_id(f.name) == id; });
  };
  if (absent(FieldId::incremental)) fields.push_back({"Incremental", "?1"});
  if (absent(FieldId::x_accel_buffering)) fields.push_back({"X-Accel-Buffering", "no"});
  if (absent(FieldId::cache_control)) fields.push_back({"Cache-Control", "no-transform"});
}

}  // namespace holdfast::proxy
