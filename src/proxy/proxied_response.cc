// SPDX-License-Identifier: Apache-2.0
// The way back from the origin: relaying, and following what Grip-* headers and grip-instruct documents say.
#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "base/log.h"
#include "base/text.h"
#include "grip/instruct.h"
#include "grip/instruct_document.h"
#include "proxy/proxied_request.h"
#include "proxy/rewrite.h"
#include "wire/content_coding.h"
#include "wire/field_id.h"
#include "wire/status.h"

namespace holdfast::proxy {

using wire::ProxyError;

namespace {

std::string_view field_value(Fields fields, wire::FieldId id) {
  for (const auto& field : fields) {
    if (wire::field_id(field.name) == id) return field.value;
  }
  return {};
}

bool has_instructions(Fields fields) {
  return std::any_of(fields.begin(), fields.end(), [](const Field& f) { return grip::is_instruct_header(f.name); }) ||
         grip::is_instruct_type(field_value(fields, wire::FieldId::content_type));
}

bool is_coded(std::string_view content_encoding) {
  return !content_encoding.empty() && !base::iequals(content_encoding, "identity");
}

/// Whether a response of this kind has a body at all: a hold on one that has none would never show anything.
bool can_stream(std::string_view method, int status) {
  return method != "HEAD" && status != 204 && status != 304;
}

/// What the instructions ask for that does not exist yet; empty: nothing.
std::string missing_features(const Instruct& instruct) {
  std::string out;
  auto add = [&out](bool asked, std::string_view what) {
    if (asked) out += (out.empty() ? "" : ", ") + std::string(what);
  };
  auto any = [&instruct](auto&& has) { return std::any_of(instruct.channels.begin(), instruct.channels.end(), has); };
  add(instruct.next || instruct.gone, "Grip-Link");
  add(any([](const ChannelSpec& c) { return c.prev_id.has_value(); }), "prev-id");
  add(any([](const ChannelSpec& c) { return !c.filters.empty(); }), "filter");
  return out;
}

StatusLine status_of(const wire::ResponseView& head, const Instruct* instruct) {
  if (instruct && instruct->status) return *instruct->status;
  std::string reason(head.reason);
  if (reason.empty()) reason = wire::reason_phrase(head.status);
  return {head.status, reason};
}

}  // namespace

/// Of an origin that is reached over the network; the built-in ones would tell nothing.
void ProxiedRequest::count_response(int status) {
  if (!connection_) return;
  auto& counters = context_.core.counters();
  counters.observe(base::Timing::origin_response, base::steady_us() - sent_us_);
  auto class_2xx = static_cast<std::size_t>(base::Counter::origin_2xx);
  auto status_class = static_cast<std::size_t>(std::clamp(status / 100, 2, 5));
  counters.add(static_cast<base::Counter>(class_2xx + status_class - 2));
}

void ProxiedRequest::on_interim(const wire::ResponseView& head) {
  auto& fields = context_.fields;
  fields.clear();
  client_fields(fields, head.fields, GripFields::strip, ContentCoding::keep, std::nullopt);
  exchange_.inform({.status = head.status, .reason = head.reason, .fields = fields});
}

void ProxiedRequest::on_response(const wire::ResponseView& head, std::string_view body, End end) {
  if (over_) return;
  count_response(head.status);
  end_waiting();
  cause_ = base::Cause::none;  // of what a retry or the next target has made good
  if (!route_->no_grip && has_instructions(head.fields)) {
    follow_instructions(head, body, end);
  } else {
    relay(head, nullptr, body, end);
  }
}

void ProxiedRequest::on_response_body(std::string_view part, End end) {
  if (over_) return;
  if (collected_) return collect(part, end);
  Slice slice(part);
  // A stream goes on when the origin's part of it ends.
  auto last = stream_hold_ ? End::no : end;
  auto written = part.empty() && last == End::no ? Written::sent : exchange_.write({&slice, 1}, last);
  after_relay(written, end);
}

void ProxiedRequest::on_drained() {
  if (connection_) connection_->resume();
}

// ---------------------------------------------------------------------------------------------------- relaying

void ProxiedRequest::relay(const wire::ResponseView& head, const Instruct* instruct, std::string_view body, End end) {
  auto status = status_of(head, instruct);
  bool streams = stream_hold_ != nullptr;
  auto& fields = context_.fields;
  fields.clear();
  // What is published to a hold is not coded, so the response must not say that it is, not even where it is empty.
  client_fields(fields, head.fields, instruct ? GripFields::strip : GripFields::keep,
                streams ? ContentCoding::decoded : ContentCoding::keep,
                instruct ? instruct->expose_headers : std::nullopt);
  if (streams) add_stream_fields(fields);
  ResponseHead out{.status = status.code,
                   .reason = status.reason,
                   .fields = fields,
                   .body_kind = head.body_kind,
                   .body_size = head.body_size};
  if (streams) {
    out.body_kind = BodyKind::streaming;
  } else if (head.body_kind == BodyKind::none && head.has_length &&
             (request_.method() == "HEAD" || head.status == 304)) {
    out.body_kind = BodyKind::sized;  // the length of what a GET would get
    out.body_size = head.length;
  }
  responded_ = true;
  Slice slice(body);
  after_relay(exchange_.respond(out, {&slice, 1}, streams ? End::no : end), end);
}

/// `end`: of the origin's response.
void ProxiedRequest::after_relay(Written written, End end) {
  if (end == End::yes) {
    over_ = true;
    release_connection();
    if (stream_hold_ && written != Written::failed) begin_stream_hold();
    return;
  }
  if (written == Written::queued && connection_) connection_->pause();
}

// ------------------------------------------------------------------------------------------------ instructions

void ProxiedRequest::follow_instructions(const wire::ResponseView& head, std::string_view body, End end) {
  auto instruct = grip::parse_instruct_headers(head.fields);
  if (!instruct) return refuse_instructions(ProxyError::http_protocol_error, instruct.error().what);
  warn_of_missing_features(*instruct);
  bool document = grip::is_instruct_type(field_value(head.fields, wire::FieldId::content_type));
  if (document && head.status != 200) {
    return refuse_instructions(
        ProxyError::http_protocol_error,
        fmt::format("an application/grip-instruct response has status {}; it must be 200", head.status));
  }
  auto coding = field_value(head.fields, wire::FieldId::content_encoding);
  bool coded = is_coded(coding) && head.body_kind != BodyKind::none;

  if (!document && instruct->hold == HoldMode::stream) make_stream_hold(*instruct);
  if (!document && instruct->hold == HoldMode::response) make_response_hold(*instruct);
  if (over_) return;
  if (!document && !coded && instruct->hold != HoldMode::response) {
    auto status = status_of(head, &*instruct).code;
    if (!can_stream(request_.method(), status)) stream_hold_.reset();
    return relay(head, &*instruct, body, end);
  }

  collected_ = std::make_unique<Collected>();
  collected_->status = status_of(head, &*instruct);
  collected_->instruct = std::move(*instruct);
  std::vector<Field> fields;
  client_fields(fields, head.fields, GripFields::strip,
                coded || response_hold_ ? ContentCoding::decoded : ContentCoding::keep,
                collected_->instruct.expose_headers);
  collected_->headers = wire::HeaderBlock(fields);
  if (coded) collected_->content_encoding = coding;
  collected_->document = document;
  collect(body, end);
}

void ProxiedRequest::collect(std::string_view part, End end) {
  if (collected_->body.size() + part.size() > context_.options.instruct_max_bytes) {
    context_.core.counters().add(base::Counter::instructs_refused);
    cause_ = base::Cause::grip;
    auto why = fmt::format("proxy.instruct_max_bytes ({}) reached", context_.options.instruct_max_bytes);
    static base::LogLimiter limiter;
    log_trouble(limiter, "instructions refused", cause_, why);
    return fail({502, ProxyError::http_response_body_size,
                 debug() ? fmt::format("GRIP instruct response too large from {}", target().text)
                         : "Error while proxying to origin.",
                 debug() ? std::string_view(why) : ""});
  }
  collected_->body.append(part);
  if (end == End::no) return;
  release_connection();
  finish_collected();
}

/// The instruct response is complete: decode it, read a document, and do what they say.
void ProxiedRequest::finish_collected() {
  auto& collected = *collected_;
  if (!collected.content_encoding.empty()) {
    auto decoded =
        wire::decode_content(collected.content_encoding, collected.body, context_.options.instruct_max_bytes);
    if (!decoded) {
      return refuse_instructions(ProxyError::http_response_content_coding,
                                 fmt::format("a response with instructions: {}", decoded.error().what));
    }
    collected.body = std::move(*decoded);
  }
  if (collected.document) {
    auto instruct = grip::parse_instruct_document(collected.body, std::move(collected.instruct));
    if (!instruct) return refuse_instructions(ProxyError::http_protocol_error, instruct.error().what);
    warn_of_missing_features(*instruct);
    collected.instruct = std::move(*instruct);
    auto& response = *collected.instruct.response;
    collected.status = response.status;
    std::vector<Field> fields;
    std::vector<Field> visible;
    for (const auto& header : response.headers) fields.push_back({header.name, header.value});
    client_fields(visible, fields, GripFields::strip, ContentCoding::keep, collected.instruct.expose_headers);
    collected.headers = wire::HeaderBlock(visible);
    collected.body = std::move(response.body);
    if (collected.instruct.hold == HoldMode::response) {
      make_response_hold(collected.instruct);
      if (over_) return;
    } else if (collected.instruct.hold == HoldMode::stream) {
      make_stream_hold(collected.instruct);
    }
  }
  over_ = true;
  if (response_hold_) {
    auto& hold = *response_hold_;
    exchange_.set_handler(std::move(response_hold_));
    hold.open({collected.status, std::move(collected.headers), std::move(collected.body)},
              collected.instruct.timeout_s);
  } else {
    answer_collected();
  }
}

/// No long-poll: the whole response goes to the client at once, perhaps as the beginning of a stream.
void ProxiedRequest::answer_collected() {
  auto& collected = *collected_;
  if (stream_hold_ && !can_stream(request_.method(), collected.status.code)) stream_hold_.reset();
  bool streams = stream_hold_ != nullptr;
  std::vector<Field> fields;
  collected.headers.append_to(fields);
  if (streams) add_stream_fields(fields);
  Slice body{std::string_view(collected.body)};
  responded_ = true;
  auto written = exchange_.respond({.status = collected.status.code,
                                    .reason = collected.status.reason,
                                    .fields = fields,
                                    .body_kind = streams ? BodyKind::streaming : BodyKind::sized,
                                    .body_size = body.size},
                                   {&body, 1}, streams ? End::no : End::yes);
  if (streams && written != Written::failed) begin_stream_hold();
}

hold::HeldRequest ProxiedRequest::held_request(const hold::HeldRequest::Meta& meta) const {
  return {request_.method(), request_.target(), request_.host(), route_->id, meta};
}

void ProxiedRequest::make_response_hold(const Instruct& instruct) {
  // The request must be here in full to be asked again later (ERR-4).
  if (!replay_complete_) {
    cause_ = base::Cause::limit;
    return fail({400, ProxyError::http_request_error, "Request too large to accept GRIP instruct."});
  }
  response_hold_ = std::make_unique<hold::ResponseHold>(context_.holds, exchange_, held_request(instruct.meta));
  response_hold_->subscribe(hold::channel_names(context_.holds, instruct, route_->prefix, target().sub, asker()),
                            from_order_);
}

void ProxiedRequest::make_stream_hold(const Instruct& instruct) {
  stream_hold_ = std::make_unique<hold::StreamHold>(context_.holds, exchange_, held_request(instruct.meta));
  stream_hold_->subscribe(hold::channel_names(context_.holds, instruct, route_->prefix, target().sub, asker()),
                          from_order_);
  stream_hold_->set_keep_alive(instruct.keep_alive);
}

void ProxiedRequest::begin_stream_hold() {
  auto& hold = *stream_hold_;
  exchange_.set_handler(std::move(stream_hold_));
  hold.open();
}

void ProxiedRequest::warn_of_missing_features(const Instruct& instruct) const {
  auto missing = missing_features(instruct);
  if (missing.empty()) return;
  static base::LogLimiter limiter;
  log_trouble(limiter, "instructions not followed in full", base::Cause::grip, missing + " not yet supported");
}

/// ERR-6. What was wrong is for the log; the client learns it only where that is wanted.
void ProxiedRequest::refuse_instructions(ProxyError error, std::string_view why) {
  cause_ = base::Cause::grip;
  context_.core.counters().add(base::Counter::instructs_refused);
  static base::LogLimiter limiter;
  log_trouble(limiter, "bad instructions", cause_, why);
  fail({502, error,
        debug() ? fmt::format("Failed to parse accept instructions: {}", why) : "Error while proxying to origin.",
        debug() ? why : ""});
}

}  // namespace holdfast::proxy
