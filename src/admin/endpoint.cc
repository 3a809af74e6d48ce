// SPDX-License-Identifier: Apache-2.0
#include "admin/endpoint.h"

#include <algorithm>
#include <array>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <fmt/core.h>

#include "admin/channels.h"
#include "admin/connections.h"
#include "admin/health.h"
#include "admin/metrics.h"
#include "admin/reply.h"
#include "base/log.h"
#include "base/text.h"
#include "front/credentials.h"
#include "wire/status.h"
#include "wire/uri.h"

namespace holdfast::admin {
namespace {

/// Cores answer in milliseconds, also when there is much to go through; longer means that one is stuck.
constexpr base::Millis kPatienceMs = 10000;

using Handler = void (*)(const Request&, const ReplyRef&);
enum class Access : std::uint8_t { open, metrics, credential };

/// A path, and what can be done there.
struct Resource {
  struct Action {
    std::string_view method;
    Handler handler;
    std::string_view what;
  };
  std::string_view path;
  std::string_view name;  // what follows the path; empty: nothing does
  Access access;
  std::vector<Action> actions;
};

void show_index(const Request& request, const ReplyRef& reply);

const std::vector<Resource>& resources() {
  static const std::vector<Resource> all{
      {"/", "", Access::credential, {{"GET", show_index, "this list"}}},
      {"/livez", "", Access::open, {{"GET", show_livez, "200 while every event loop turns"}}},
      {"/readyz", "", Access::open, {{"GET", show_readyz, "200 when clients may be sent here"}}},
      {"/metrics", "", Access::metrics, {{"GET", show_metrics, "for Prometheus"}}},
      {"/channels", "", Access::credential, {{"GET", list_channels, "?prefix=&limit=&cursor="}}},
      {"/channels/", "{name}", Access::credential, {{"GET", show_channel, "one channel"}}},
      {"/connections", "", Access::credential, {{"GET", list_connections, "?channel=&route=&limit=&cursor="}}},
      {"/connections/close",
       "",
       Access::credential,
       {{"POST", close_connections, R"({"meta":{"user":"42"},"formats":{…}})"}}},
      {"/connections/",
       "{id}",
       Access::credential,
       {{"GET", show_connection, "one client"}, {"DELETE", close_connection, "closes it"}}},
      {"/drain", "", Access::credential, {{"POST", drain, "sends the clients away, then stops"}}},
  };
  return all;
}

void show_index(const Request&, const ReplyRef& reply) {
  std::string text = "Holdfast " HOLDFAST_VERSION "\n\n";
  for (const auto& resource : resources()) {
    for (const auto& action : resource.actions) {
      text += fmt::format("{:6} {:24} {}\n", action.method, std::string(resource.path) + std::string(resource.name),
                          action.what);
    }
  }
  reply->send({200, std::move(text)});
}

/// The most specific resource of a path, with the name that follows it; null when there is none.
const Resource* find_resource(std::string_view path, std::string& name) {
  const auto& all = resources();
  auto found =
      std::find_if(all.begin(), all.end(), [&](const Resource& r) { return r.name.empty() && r.path == path; });
  if (found == all.end()) {
    found = std::find_if(all.begin(), all.end(), [&](const Resource& r) {
      return !r.name.empty() && path.size() > r.path.size() && path.starts_with(r.path);
    });
  }
  if (found == all.end()) return nullptr;
  name = wire::percent_decode(path.substr(found->name.empty() ? path.size() : found->path.size()));
  return &*found;
}

std::string allowed_methods(const Resource& resource) {
  std::string methods;
  for (const auto& action : resource.actions) {
    methods += fmt::format("{}{}", methods.empty() ? "" : ", ", action.method);
    if (action.method == "GET") methods += ", HEAD";
  }
  return methods;
}

std::string_view find_field(Fields fields, std::string_view name) {
  auto found = std::find_if(fields.begin(), fields.end(), [&](const Field& f) { return base::iequals(f.name, name); });
  return found == fields.end() ? std::string_view() : found->value;
}

/// A page of some other site that a browser on this machine shows may send us requests, but not hide where it is from.
bool is_cross_origin(const RequestView& request) {
  auto origin = find_field(request.fields, "Origin");
  if (origin.empty()) return false;
  auto authority = origin.substr(std::min(origin.size(), origin.find("://") + 3));
  return origin.find("://") == std::string_view::npos || !base::iequals(authority, request.host);
}

/// One request from its head to its answer.
class AdminExchange final : public ExchangeHandler, private net::Timer {
 public:
  AdminExchange(net::Core& core, Exchange& exchange, Request request)
      : core_(core),
        exchange_(exchange),
        request_(std::move(request)),
        reply_(std::make_shared<Reply>(core, [this](const Answer& answer) { respond(answer); })) {}
  ~AdminExchange() override { reply_->cancel(); }

  /// The request is not for a handler: the answer need not wait for its body.
  void refuse(const Answer& answer) { reply_->send(answer); }

  void start(Handler handler, std::string_view body, End end) {
    handler_ = handler;
    on_request_body(body, end);
  }

  void on_request_body(std::string_view part, End end) override {
    request_.body.append(part);
    if (end == End::no) return;
    set_deadline(core_.wheel(), core_.now() + kPatienceMs);
    handler_(request_, reply_);
  }
  void on_client_gone() override { reply_->cancel(); }
  void describe(AccessNote& note) const override {
    note.method = request_.method;
    note.target = request_.target;
    note.host = request_.host;
    note.route = "admin";
  }

 private:
  void on_deadline() override {
    reply_->send(error_answer(503, "no answer from a part of the daemon in time: see /livez"));
  }

  void respond(const Answer& answer) {
    clear_deadline();
    std::vector<Field> fields{{"Content-Type", answer.type}, {"Cache-Control", "no-store"}};
    for (const auto& header : answer.headers) fields.push_back({header.name, header.value});
    Slice body{std::string_view(answer.body)};
    exchange_.respond({.status = answer.status,
                       .reason = wire::reason_phrase(answer.status),
                       .fields = fields,
                       .body_kind = BodyKind::sized,
                       .body_size = body.size},
                      {&body, 1}, End::yes);
  }

  net::Core& core_;
  Exchange& exchange_;
  Request request_;
  ReplyRef reply_;
  Handler handler_ = nullptr;
};

Answer unauthorized() {
  auto answer = error_answer(401, "a token of admin.tokens is needed");
  for (const auto& challenge : front::kChallenges) {
    answer.headers.push_back({std::string(challenge.name), std::string(challenge.value)});
  }
  return answer;
}

bool may_enter(const Settings& settings, const Resource* resource, const RequestView& request) {
  if (!settings.admit || settings.admit(request.fields)) return true;
  if (!resource) return false;
  return resource->access == Access::open || (resource->access == Access::metrics && settings.metrics_open);
}

}  // namespace

void AdminEndpoint::on_request(Exchange& exchange, const RequestView& request, std::string_view body, End end) {
  Request kept{context_,
               settings_,
               std::string(request.method),
               std::string(request.target),
               std::string(request.host),
               std::string(find_field(request.fields, "Accept"))};
  const auto* resource = find_resource(wire::target_path(request.target), kept.name);
  auto owned = std::make_unique<AdminExchange>(core_, exchange, std::move(kept));
  auto& handler = *owned;
  exchange.set_handler(std::move(owned));

  if (!may_enter(*settings_, resource, request)) {
    core_.counters().add(base::Counter::unauthorized);
    static base::LogLimiter limiter;
    base::log_limited(limiter, {{"peer", exchange.peer().text()}, {"target", request.target}},
                      "admin request refused: no valid credential");
    return handler.refuse(unauthorized());
  }
  if (!resource) return handler.refuse(error_answer(404, "no such resource: GET / lists them"));
  auto method = request.method == "HEAD" ? std::string_view("GET") : request.method;
  const auto& actions = resource->actions;
  auto action = std::find_if(actions.begin(), actions.end(), [&](const auto& a) { return a.method == method; });
  if (action == actions.end()) {
    auto answer = error_answer(405, fmt::format("{} is possible here", allowed_methods(*resource)));
    answer.headers = {{"Allow", allowed_methods(*resource)}};
    return handler.refuse(answer);
  }
  if (method != "GET" && is_cross_origin(request)) {
    return handler.refuse(error_answer(403, "a page of another site may not do this"));
  }
  handler.start(action->handler, body, end);
}

}  // namespace holdfast::admin
