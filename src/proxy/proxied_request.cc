// SPDX-License-Identifier: Apache-2.0
// The way to the origin: targets, retries, the request body. The way back is proxied_response.cc.
#include "proxy/proxied_request.h"

#include <array>
#include <utility>

#include <fmt/core.h>

#include "base/jitter.h"
#include "base/log.h"
#include "proxy/rewrite.h"
#include "proxy/route_table.h"
#include "wire/http1_chunked.h"
#include "wire/status.h"

namespace holdfast::proxy {

ProxiedRequest::ProxiedRequest(ProxyContext& context, Exchange& exchange, const RequestView& request, RouteRef route)
    : context_(context), exchange_(exchange), request_(request), route_(std::move(route)) {}

ProxiedRequest::~ProxiedRequest() {
  end_waiting();
  drop_connection();
}

void ProxiedRequest::on_client_gone() {
  end_waiting();
  drop_connection();
}

void ProxiedRequest::describe(AccessNote& note) const {
  note.method = request_.method();
  note.target = request_.target();
  note.host = request_.host();
  note.route = route_->id;
  note.cause = to_text(cause_);
}

void ProxiedRequest::start(std::string_view body, End end) {
  body_done_ = end == End::yes;
  keep_for_replay(body);
  if (!begin_waiting()) return;
  try_target();
}

/// False when too many wait already, which has been answered. Built-in origins make nobody wait.
bool ProxiedRequest::begin_waiting() {
  if (!context_.load || target().kind != Target::Kind::tcp) return true;
  auto& quota = context_.load->waiting_requests;
  if (quota.take()) return waiting_ = true;
  context_.core.counters().add(base::Counter::requests_refused_waiting);
  static base::LogLimiter limiter;
  base::log_limited(
      limiter,
      {{"route", route_->id}, {"conn", exchange_.connection_id()}, base::LogField::bare("target", request_.target())},
      "request refused: proxy.waiting_requests_max ({}) reached", quota.limit.load());
  fail_overloaded("Too many requests wait for an answer.");
  return false;
}

void ProxiedRequest::end_waiting() {
  if (std::exchange(waiting_, false)) context_.load->waiting_requests.give_back();
}

void ProxiedRequest::try_target() {
  const auto& to = target();
  switch (to.kind) {
    case Target::Kind::test: return ask_builtin(context_.test_origin);
    case Target::Kind::demo: return ask_builtin(context_.demo_origin);
    case Target::Kind::unsupported:
      cause_ = base::Cause::unsupported;
      return fail({501, wire::ProxyError::proxy_configuration_error,
                   fmt::format("{} are not supported here.", to.unsupported)});
    case Target::Kind::tcp: break;
  }
  origin::OriginId id{to.host, to.port,
                      to.untrusted ? origin::InternalAddresses::blocked : origin::InternalAddresses::allowed};
  if (to.tls) {
    id.tls = context_.snapshot->tls.get(to);
    // The certificate must be for the host that the origin is asked for, unless it is to be for the one connected to.
    id.server_name = to.trust_connect_host ? to.host : std::string(route_host(host_for(request_, *route_, to)));
  }
  auto& origin = context_.origins.get(id);
  context_.core.counters().add(base::Counter::origin_requests);
  if (!retried_) connection_ = origin.take_idle(*this);
  if (connection_) return send_head();
  connection_ = origin.connect(*this);
}

/// The answer comes by way of the core's own inbox, so that what was published before is out of it before the answer
/// subscribes anybody.
void ProxiedRequest::ask_builtin(origin::BuiltinOrigin* builtin) {
  if (!body_done_) return;  // asked again with the last of the body
  if (!builtin) {
    cause_ = base::Cause::unsupported;
    return fail({502, wire::ProxyError::proxy_configuration_error, "No such built-in origin."});
  }
  alive_ = std::make_shared<bool>(true);
  context_.core.post([this, builtin, alive = alive_] {
    if (!*alive) return;
    std::string target;
    std::string_view path = request_.target();
    if (path.starts_with(route_->path_beg)) path.remove_prefix(route_->path_beg.size());
    if (!path.starts_with('/')) target = '/';
    target += path;
    from_order_ = context_.holds.table.last_order() + 1;
    auto answer = builtin->respond({request_.method(), target, replay_, request_.fields()});
    std::vector<Field> fields;
    for (const auto& header : answer.headers) fields.push_back({header.name, header.value});
    wire::ResponseView head;
    head.status = answer.status;
    head.reason = wire::reason_phrase(answer.status);
    head.fields = fields;
    bool no_body = request_.method() == "HEAD";
    head.body_kind = no_body || answer.body.empty() ? BodyKind::none : BodyKind::sized;
    head.body_size = head.length = answer.body.size();
    head.has_length = true;
    on_response(head, no_body ? std::string_view() : answer.body, End::yes);
  });
}

// ---------------------------------------------------------------------------------------------- sending to it

void ProxiedRequest::on_origin_ready() {
  send_head();
}

void ProxiedRequest::on_origin_offered(std::unique_ptr<origin::OriginConnection> idle) {
  drop_connection();
  connection_ = std::move(idle);
  send_head();
}

std::string_view ProxiedRequest::signature() {
  if (route_->no_grip) return {};
  const base::SigningKey* key = context_.sig_key ? &*context_.sig_key : nullptr;
  if (route_->sig_key) {
    auto found = context_.snapshot->keys.find(*route_->sig_key);
    if (found != context_.snapshot->keys.end()) key = &found->second;
  }
  if (!key) return {};
  return context_.signer.token(*key, route_->sig_iss ? *route_->sig_iss : context_.options.sig_iss,
                               base::unix_seconds());
}

void ProxiedRequest::send_head() {
  OriginFraming framing;
  auto have = replay_.size();
  bool bodiless_method = request_.method() == "GET" || request_.method() == "HEAD" || request_.method() == "OPTIONS";
  if (request_.body_kind() == BodyKind::sized) {
    framing = {BodyKind::sized, request_.body_size()};
  } else if (body_done_) {
    // The whole body is here, so its length is known (REQ-15).
    if (have > 0 || !bodiless_method) framing = {BodyKind::sized, have};
  } else {
    framing.kind = BodyKind::streaming;
  }
  chunked_ = framing.kind == BodyKind::streaming;
  auto& head = context_.head;
  head.clear();
  append_origin_head(head, request_, *route_, target(), context_.options, exchange_.peer(), signature(), framing);

  from_order_ = context_.holds.table.last_order() + 1;
  connection_->begin(request_.method() == "HEAD" ? wire::ResponseParser::Method::head
                                                 : wire::ResponseParser::Method::other);
  sending_ = true;
  sent_us_ = base::steady_us();
  char size[18];
  std::array<Slice, 4> slices{Slice(std::string_view(head))};
  std::size_t count = 1;
  if (have > 0) {
    if (chunked_) slices[count++] = Slice(std::string_view(size, wire::write_chunk_size(size, have)));
    slices[count++] = Slice(std::string_view(replay_));
    if (chunked_) slices[count++] = Slice(std::string_view("\r\n"));
  }
  connection_->send({slices.data(), count});
  if (body_done_) connection_->finish_request();
  if (!replay_complete_) std::exchange(replay_, {});
  if (connection_->queued_bytes() > 0) {
    exchange_.pause_request_body();
  } else if (!body_done_) {
    exchange_.resume_request_body();
  }
}

void ProxiedRequest::send_part(std::string_view part, End end) {
  char size[18];
  std::array<Slice, 4> slices;
  std::size_t count = 0;
  if (!part.empty()) {
    if (chunked_) slices[count++] = Slice(std::string_view(size, wire::write_chunk_size(size, part.size())));
    slices[count++] = Slice(part);
    if (chunked_) slices[count++] = Slice(std::string_view("\r\n"));
  }
  if (chunked_ && end == End::yes) slices[count++] = Slice(wire::kLastChunk);
  connection_->send({slices.data(), count});
  if (end == End::yes) connection_->finish_request();
  if (connection_->queued_bytes() > 0) exchange_.pause_request_body();
}

/// Keeps the request body for as long as all of it may be kept: for another target, a retry, or a poll that is asked
/// again. While nothing can be sent yet, everything is kept, and the client is made to wait.
void ProxiedRequest::keep_for_replay(std::string_view part) {
  if (!replay_complete_ && sending_) return;
  replay_.append(part);
  if (replay_.size() <= context_.options.instruct_max_bytes) return;
  replay_complete_ = false;
  if (sending_) {
    std::exchange(replay_, {});
  } else {
    exchange_.pause_request_body();
  }
}

void ProxiedRequest::on_request_body(std::string_view part, End end) {
  if (over_) return;
  body_done_ = end == End::yes;
  keep_for_replay(part);
  if (target().kind != Target::Kind::tcp) {
    if (body_done_) return try_target();
    if (!replay_complete_) exchange_.resume_request_body();  // a built-in origin says itself that it is too large
    return;
  }
  if (sending_ && connection_) send_part(part, end);
}

void ProxiedRequest::on_origin_drained() {
  if (!body_done_) exchange_.resume_request_body();
}

void ProxiedRequest::drop_connection() {
  if (alive_) *alive_ = false;
  if (!connection_) return;
  connection_->detach();
  connection_->close();
  context_.core.defer_delete(std::move(connection_));
}

void ProxiedRequest::release_connection() {
  if (!connection_) return;
  auto& origin = connection_->origin();
  origin.give_back(std::move(connection_));
}

// ------------------------------------------------------------------------------------------------- going wrong

/// Whether the same request may go out once more: nothing of an answer has come, all that was sent is still here, and
/// doing it twice does no harm.
bool ProxiedRequest::may_retry(const origin::OriginError& error) const {
  return !retried_ && !error.timed_out && !connection_->answered() && request_.retry_safe() && replay_complete_;
}

void ProxiedRequest::on_origin_error(const origin::OriginError& error) {
  if (over_) return;
  count_failure(error);
  bool retry = !error.before_request() && !responded_ && !collected_ && may_retry(error);
  drop_connection();
  cause_ = error.cause();
  if (responded_) {
    log_origin_error(error, "response cut");
    over_ = true;
    stream_hold_.reset();
    return exchange_.abort(CloseReason::origin_failed);
  }
  if (retry) {
    log_origin_error(error, "retrying");
    context_.core.counters().add(base::Counter::origin_retries);
    retried_ = true;
    sending_ = false;
    return try_target();
  }
  if (error.before_request() && target_index_ + 1 < route_->targets.size()) {
    log_origin_error(error, "trying the next target");
    ++target_index_;
    return try_target();
  }
  log_origin_error(error, "giving up");
  fail_origin(error);
}

void ProxiedRequest::count_failure(const origin::OriginError& error) {
  auto& counters = context_.core.counters();
  counters.add(base::Counter::origin_failures);
  if (error.timed_out) counters.add(base::Counter::origin_timeouts);
  auto first = static_cast<std::size_t>(base::Counter::origin_failed_dns);
  counters.add(static_cast<base::Counter>(first + static_cast<std::size_t>(error.stage)));
}

void ProxiedRequest::fail_origin(const origin::OriginError& error) {
  std::string text = "Error while proxying to origin.";
  if (debug() && error.blocked()) {
    text = "Error: Origin host/IP blocked.";
  } else if (debug() && error.before_request()) {
    text = "Unable to connect to any targets. Tried: ";
    for (std::size_t i = 0; i < route_->targets.size(); ++i) {
      if (i > 0) text += ", ";
      text += route_->targets[i].text;
    }
  } else if (debug()) {
    text = fmt::format("Error while proxying to origin: {}: {}", to_text(error.stage), error.detail);
  }
  auto details = debug() ? std::string_view(error.detail) : "";
  if (error.overload()) return fail_overloaded(debug() ? text : "No connection to the origin became free.", details);
  fail({error.timed_out ? 504 : 502, error.error, text, details});
}

void ProxiedRequest::fail_overloaded(std::string_view line, std::string_view details) {
  cause_ = base::Cause::limit;
  fail({503, wire::ProxyError::connection_limit_reached, line, details,
        base::retry_after_s(context_.options.retry_after_max_s)});
}

void ProxiedRequest::fail(const ErrorAnswer& answer) {
  over_ = true;
  end_waiting();
  drop_connection();
  stream_hold_.reset();
  response_hold_.reset();
  collected_.reset();
  responded_ = true;
  answer_error(exchange_, context_.options.proxy_name, answer);
}

void ProxiedRequest::log_origin_error(const origin::OriginError& error, const char* what_now) const {
  static base::LogLimiter limiter;
  log_trouble(limiter, fmt::format("origin failed ({})", what_now), error.cause(), error.detail);
}

/// A warning with everything that tells the request and its origin.
void ProxiedRequest::log_trouble(base::LogLimiter& limiter, std::string_view what, base::Cause cause,
                                 std::string_view detail) const {
  base::log_limited(limiter,
                    {{"cause", to_text(cause)},
                     base::LogField::labelled("origin", "target", target().text),
                     {"detail", detail},
                     {"route", route_->id},
                     {"conn", exchange_.connection_id()},
                     base::LogField::bare("method", request_.method()),
                     base::LogField::bare("target", request_.target())},
                    "{}", what);
}

}  // namespace holdfast::proxy
