// SPDX-License-Identifier: Apache-2.0
// One client request on its way: to a target and back, or into a hold.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <holdfast/exchange.h>
#include <holdfast/instruct.h>

#include "base/cause.h"
#include "base/log.h"
#include "hold/response_hold.h"
#include "hold/stream_hold.h"
#include "origin/origin.h"
#include "proxy/error_answer.h"
#include "proxy/options.h"
#include "proxy/stored_request.h"

namespace holdfast::proxy {

/// Owned by the exchange. Tries the route's targets in order; sends the request, its body as it comes; relays the
/// answer, or collects it where it carries instructions; hands the exchange to a hold where they say so.
///
///   connecting ──> sending ──> relaying ──> over
///      │ next target   │ retry      └─(Grip-Hold: stream)──> StreamHold
///      └───────────────┴──> 502, 504
///                          collecting ──> one answer, or ResponseHold
class ProxiedRequest final : public ExchangeHandler, private origin::OriginHandler {
 public:
  ProxiedRequest(ProxyContext& context, Exchange& exchange, const RequestView& request, RouteRef route);
  ~ProxiedRequest() override;

  void start(std::string_view body, End end);

  // ExchangeHandler
  void on_request_body(std::string_view part, End end) override;
  void on_drained() override;
  void on_client_gone() override;
  void describe(AccessNote& note) const override;

 private:
  /// The response whose body is kept until it is complete: instructions apply to whole responses (ACC-4).
  struct Collected {
    Instruct instruct;
    StatusLine status;
    wire::HeaderBlock headers;  // as the origin sent them
    std::string content_encoding;
    std::string body;
    bool document = false;
  };

  // origin::OriginHandler
  void on_origin_ready() override;
  void on_origin_offered(std::unique_ptr<origin::OriginConnection> idle) override;
  void on_origin_drained() override;
  void on_interim(const wire::ResponseView& head) override;
  void on_response(const wire::ResponseView& head, std::string_view body, End end) override;
  void on_response_body(std::string_view part, End end) override;
  void on_origin_error(const origin::OriginError& error) override;

  // towards the origin
  bool begin_waiting();
  void end_waiting();
  const Target& target() const { return route_->targets[target_index_]; }
  void try_target();
  void ask_builtin(origin::BuiltinOrigin* builtin);
  void send_head();
  void send_part(std::string_view part, End end);
  std::string_view signature();
  void keep_for_replay(std::string_view part);
  bool may_retry(const origin::OriginError& error) const;
  void drop_connection();
  void release_connection();

  // from the origin
  void count_response(int status);
  void relay(const wire::ResponseView& head, const Instruct* instruct, std::string_view body, End end);
  void after_relay(Written written, End end);
  void follow_instructions(const wire::ResponseView& head, std::string_view body, End end);
  void collect(std::string_view part, End end);
  void finish_collected();
  void answer_collected();
  hold::HeldRequest held_request(const hold::HeldRequest::Meta& meta) const;
  void make_stream_hold(const Instruct& instruct);
  void make_response_hold(const Instruct& instruct);
  void refuse_instructions(wire::ProxyError error, std::string_view why);
  void warn_of_missing_features(const Instruct& instruct) const;
  void begin_stream_hold();
  hold::Asker asker() const { return {exchange_, route_->id, request_.target()}; }

  void fail(const ErrorAnswer& answer);
  void count_failure(const origin::OriginError& error);
  void fail_overloaded(std::string_view line, std::string_view details = {});
  void fail_origin(const origin::OriginError& error);
  void log_origin_error(const origin::OriginError& error, const char* what_now) const;
  void log_trouble(base::LogLimiter& limiter, std::string_view what, base::Cause cause, std::string_view detail) const;
  bool debug() const { return context_.options.debug || route_->debug; }

  ProxyContext& context_;
  Exchange& exchange_;
  const StoredRequest request_;
  const RouteRef route_;
  std::unique_ptr<origin::OriginConnection> connection_;
  std::unique_ptr<Collected> collected_;
  std::unique_ptr<hold::StreamHold> stream_hold_;
  std::unique_ptr<hold::ResponseHold> response_hold_;
  std::string replay_;            // the request body so far, while all of it is kept
  std::shared_ptr<bool> alive_;   // for a built-in origin's answer
  std::uint64_t from_order_ = 0;  // of the first message that the origin cannot have known of
  std::int64_t sent_us_ = 0;      // when the head was sent
  std::size_t target_index_ = 0;
  base::Cause cause_ = base::Cause::none;
  bool waiting_ = false;         // for an origin's header: one of Load::waiting_requests
  bool replay_complete_ = true;  // replay_ holds everything that has arrived
  bool body_done_ = false;       // the request body has arrived in full
  bool sending_ = false;         // the head is out, the body follows as it comes
  bool chunked_ = false;         // towards the origin
  bool retried_ = false;
  bool responded_ = false;
  bool over_ = false;
};

}  // namespace holdfast::proxy
