// SPDX-License-Identifier: Apache-2.0
#include "publish/http_control.h"

#include <array>
#include <charconv>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <boost/container/static_vector.hpp>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "grip/encode.h"
#include "grip/publish_item.h"
#include "wire/field_value.h"
#include "wire/status.h"
#include "wire/uri.h"

namespace holdfast::publish {
namespace {

/// The weight of one element of Accept (RFC 9110 §12.4.2): 0 to 1000.
int weight_of(const wire::Element& element) {
  const auto* q = element.find("q");
  if (!q) return 1000;
  double value = 1;
  auto result = std::from_chars(q->value.data(), q->value.data() + q->value.size(), value);
  return result.ec == std::errc() && value >= 0 && value <= 1 ? static_cast<int>(value * 1000) : 0;
}

/// How much a client wants one media type: what the range says that names it most precisely (RFC 9110 §12.5.1).
struct Wish {
  void hear(const wire::Element& range, std::string_view type, std::string_view kind) {
    auto is = [&](std::string_view name) { return base::iequals(range.first, name); };
    int how = is(type) ? 3 : is(kind) ? 2 : is("*/*") || is("*") ? 1 : 0;
    if (how == 0 || how < precision) return;
    precision = how;
    weight = weight_of(range);
  }
  int precision = 0;
  int weight = 0;
};

constexpr std::string_view kWaysIn =
    ". Send a token of control.tokens as Authorization: Bearer TOKEN, as a Basic password or as Fastly-Key: TOKEN, or "
    "a "
    "JWT that a key of control.jwt_keys signs as Authorization: Bearer JWT.";

enum class Resource { root, publish, recover, health, unknown };

/// The path decides, whatever stands in front of the last part ("/realm/x/publish/") and whatever query follows.
Resource resource_of(std::string_view target) {
  auto path = wire::target_path(target);
  if (path == "/") return Resource::root;
  if (path.ends_with('/')) path.remove_suffix(1);
  auto last = path.substr(path.rfind('/') + 1);
  if (last == "publish") return Resource::publish;
  if (path == "/recover") return Resource::recover;
  if (path == "/healthz") return Resource::health;
  return Resource::unknown;
}

/// A health check has nothing to learn here, and often no place for a secret.
bool is_open_to_all(const RequestView& request) {
  return resource_of(request.target) == Resource::health && (request.method == "GET" || request.method == "HEAD");
}

class ControlExchange final : public ExchangeHandler {
 public:
  ControlExchange(channel::Hub& hub, base::Counters& counters, Exchange& exchange, const RequestView& request)
      : hub_(hub),
        counters_(counters),
        exchange_(exchange),
        method_(request.method),
        target_(request.target),
        host_(request.host),
        form_(choose_form(request.fields)) {}

  void start(std::string_view body, End end) {
    // The common request is here in full, and is read where it stands.
    if (end == End::yes) return handle(body);
    body_.assign(body);
  }

  /// Answers before the body has arrived. What still comes of it is thrown away by the session.
  void refuse(std::string_view why) {
    static base::LogLimiter limiter;
    base::log_limited(limiter,
                      {{"conn", exchange_.connection_id()},
                       {"peer", exchange_.peer().text()},
                       base::LogField::bare("method", method_),
                       base::LogField::bare("target", wire::target_path(target_))},
                      "control request refused: {}", why);
    answer(401, std::string("Unauthorized: ").append(why).append(kWaysIn));
  }

  void on_request_body(std::string_view part, End end) override {
    body_.append(part);
    if (end == End::yes) handle(body_);
  }

  void describe(AccessNote& note) const override {
    note.method = method_;
    note.target = target_;
    note.host = host_;
    note.route = "control";
  }

 private:
  void handle(std::string_view body) {
    if (form_ == AnswerForm::not_acceptable) {
      return answer(406, "Not Acceptable. Supported formats are text/plain and application/json.");
    }
    switch (resource_of(target_)) {
      case Resource::root: return answer(200, "Holdfast");
      case Resource::health: return answer(200, "OK");
      case Resource::recover: return answer(501, "recover is not yet supported.");
      case Resource::unknown: return answer(404, "Not Found");
      case Resource::publish: break;
    }
    if (method_ != "POST") return answer(405, "Method not allowed: " + base::printable(method_, 64) + ".");
    for (const auto& [name, value] : wire::query_parameters(wire::target_query(target_))) {
      if (name == "receipt") return answer(400, "'receipt' is not yet supported.");
    }
    if (hub_.overloaded()) {
      counters_.add(base::Counter::publishes_refused);
      static base::LogLimiter limiter;
      base::log_limited(limiter,
                        {{"conn", exchange_.connection_id()}, {"peer", exchange_.peer().text()}, {"route", "control"}},
                        "publish refused: control.backlog_max_bytes ({}) reached", hub_.backlog_max_bytes());
      return answer(503, "Too much is waiting to be delivered (control.backlog_max_bytes); try again.");
    }
    auto items = grip::parse_publish_request(body);
    if (!items) return answer(items.error().status, items.error().what);
    std::vector<NewMessageRef> messages;
    messages.reserve(items->size());
    for (auto& item : *items) messages.push_back(grip::encode_message(std::move(item)));
    hub_.publish(std::move(messages));
    if (form_ == AnswerForm::json) {
      send(200, "application/json", R"({"message":"Published"})");
    } else {
      send(200, "text/plain", "Published");
    }
  }

  void answer(int status, std::string_view text) { send(status, "text/plain", text); }

  void send(int status, std::string_view type, std::string_view text) {
    boost::container::static_vector<Field, 3> fields{Field{"Content-Type", type}};
    if (status == 401) fields.insert(fields.end(), front::kChallenges.begin(), front::kChallenges.end());
    if (status == 405) fields.push_back({"Allow", "POST"});
    if (status == 503) fields.push_back({"Retry-After", "1"});
    const std::array<Slice, 2> slices{Slice(text), Slice(std::string_view("\n"))};
    exchange_.respond({.status = status,
                       .reason = wire::reason_phrase(status),
                       .fields = {fields.data(), fields.size()},
                       .body_kind = BodyKind::sized,
                       .body_size = text.size() + 1},
                      slices, End::yes);
  }

  channel::Hub& hub_;
  base::Counters& counters_;
  Exchange& exchange_;
  const std::string method_;
  const std::string target_;
  const std::string host_;
  const AnswerForm form_;
  std::string body_;
};

}  // namespace

AnswerForm choose_form(Fields fields) {
  bool any = false;
  Wish text;
  Wish json;
  for (const auto& field : fields) {
    if (!base::iequals(field.name, "Accept")) continue;
    any = true;
    auto rest = field.value;
    while (!rest.empty()) {
      auto element = wire::parse_element(wire::take_list_element(rest));
      if (!element) continue;
      text.hear(*element, "text/plain", "text/*");
      json.hear(*element, "application/json", "application/*");
    }
  }
  if (!any) return AnswerForm::text;
  if (text.weight == 0 && json.weight == 0) return AnswerForm::not_acceptable;
  return json.weight > text.weight ? AnswerForm::json : AnswerForm::text;
}

void ControlEndpoint::on_request(Exchange& exchange, const RequestView& request, std::string_view body, End end) {
  auto owned = std::make_unique<ControlExchange>(hub_, counters_, exchange, request);
  auto& handler = *owned;
  exchange.set_handler(std::move(owned));
  if (credentials_ && !is_open_to_all(request)) {
    if (auto admitted = credentials_->check(request.fields, base::unix_seconds()); !admitted) {
      counters_.add(base::Counter::unauthorized);
      return handler.refuse(admitted.error().what);
    }
  }
  handler.start(body, end);
}

}  // namespace holdfast::publish
