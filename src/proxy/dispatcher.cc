// SPDX-License-Identifier: Apache-2.0
#include "proxy/dispatcher.h"

#include <algorithm>
#include <memory>

#include "base/cause.h"
#include "base/jitter.h"
#include "base/log.h"
#include "base/text.h"
#include "hold/hold.h"
#include "proxy/error_answer.h"
#include "proxy/proxied_request.h"
#include "wire/field_id.h"
#include "wire/field_value.h"
#include "wire/uri.h"

namespace holdfast::proxy {
namespace {

/// Stands for a request that goes nowhere, so that the access log can name it.
class Refusal final : public ExchangeHandler {
 public:
  Refusal(const RequestView& request, std::string_view route_id, base::Cause cause)
      : request_(request.method, request.target, request.host, route_id), cause_(cause) {}

  void on_request_body(std::string_view, End) override {}
  void describe(AccessNote& note) const override {
    request_.describe(note);
    note.cause = to_text(cause_);
  }

 private:
  const hold::HeldRequest request_;
  const base::Cause cause_;
};

std::string_view find_field(const RequestView& request, std::string_view name) {
  for (const auto& field : request.fields) {
    if (base::iequals(field.name, name)) return field.value;
  }
  return {};
}

bool is_websocket(const RequestView& request) {
  return request.wants_upgrade && wire::list_has_token(find_field(request, "Upgrade"), "websocket");
}

/// What this request needs of its route that does not exist yet, or nullptr.
const char* missing_feature(const Route& route, const RequestView& request, bool websocket) {
  if (websocket) return "WebSockets are not yet supported.";
  auto path = wire::target_path(request.target);
  if (!route.sockjs.empty() && path.starts_with(route.sockjs)) return "SockJS is not yet supported.";
  if (route.aco) {
    if (!find_field(request, "Origin").empty()) return "Automatic cross-origin headers are not yet supported.";
    auto callback = route.jsonp_cb.empty() ? std::string("callback") : route.jsonp_cb;
    if (request.method == "GET") {
      for (const auto& [name, value] : wire::query_parameters(wire::target_query(request.target))) {
        if (name == callback) return "JSON-P is not yet supported.";
      }
    }
  }
  return nullptr;
}

}  // namespace

RouteRef Dispatcher::find_route(const RequestView& request, bool websocket) const {
  const auto& table = context_.snapshot->table;
  if (context_.options.accept_route_header) {
    auto id = find_field(request, "Pushpin-Route");
    if (!id.empty()) return table.by_id(id, request.target);
  }
  bool tls = request.over_tls;
  if (context_.options.accept_x_forwarded_proto) {
    auto proto = find_field(request, "X-Forwarded-Proto");
    if (proto.empty()) proto = find_field(request, "X-Forwarded-Protocol");
    tls = tls || proto == "https" || proto == "wss";
  }
  return table.match({.host = request.host, .websocket = websocket, .tls = tls, .path = request.target});
}

/// Clients that are connected already could still ask for more than there is memory for.
void Dispatcher::refuse_for_memory(Exchange& exchange, const RequestView& request) {
  const auto& load = *context_.load;
  context_.core.counters().add(base::Counter::requests_refused_memory);
  static base::LogLimiter limiter;
  base::log_limited(limiter, {{"conn", exchange.connection_id()}, base::LogField::bare("target", request.target)},
                    "request refused: server.memory_max_bytes ({}) reached, {} in use", load.memory_max_bytes.load(),
                    load.memory_bytes.load());
  exchange.set_handler(std::make_unique<Refusal>(request, std::string_view(), base::Cause::limit));
  answer_error(exchange, context_.options.proxy_name,
               {.status = 503,
                .error = wire::ProxyError::connection_limit_reached,
                .line = "Too little memory",
                .retry_after_s = base::retry_after_s(context_.options.retry_after_max_s)});
}

void Dispatcher::on_request(Exchange& exchange, const RequestView& request, std::string_view body, End end) {
  if (context_.load && context_.load->shedding.load(std::memory_order_relaxed))
    return refuse_for_memory(exchange, request);
  bool websocket = is_websocket(request);
  auto route = find_route(request, websocket);
  const char* missing = route ? missing_feature(*route, request, websocket) : nullptr;
  if (!route || missing) {
    auto cause = route ? base::Cause::unsupported : base::Cause::route;
    exchange.set_handler(
        std::make_unique<Refusal>(request, route ? std::string_view(route->id) : std::string_view(), cause));
    using wire::ProxyError;
    const auto& name = context_.options.proxy_name;
    return missing ? answer_error(exchange, name, {501, ProxyError::proxy_internal_response, missing})
                   : answer_error(exchange, name, {502, ProxyError::destination_not_found, "Route not found"});
  }
  auto proxied = std::make_unique<ProxiedRequest>(context_, exchange, request, std::move(route));
  auto& handler = *proxied;
  exchange.set_handler(std::move(proxied));
  handler.start(body, end);
}

}  // namespace holdfast::proxy
