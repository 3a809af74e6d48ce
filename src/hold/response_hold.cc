// SPDX-License-Identifier: Apache-2.0
#include "hold/response_hold.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace holdfast::hold {
namespace {

/// Origins ask for whole seconds; less than one would be a busy loop.
constexpr int kMinTimeoutS = 1;

bool names(const std::vector<std::string>& list, std::string_view name) {
  return std::any_of(list.begin(), list.end(), [name](const auto& n) { return base::iequals(n, name); });
}

}  // namespace

ResponseHold::ResponseHold(HoldContext& context, Exchange& exchange, HeldRequest request)
    : context_(context), exchange_(exchange), request_(std::move(request)) {
  context.core.counters().add(base::Counter::holds_response);
  context.core.counters().adjust(base::Gauge::holds_response, 1);
}

ResponseHold::~ResponseHold() {
  context_.core.counters().adjust(base::Gauge::holds_response, -1);
  context_.table.unsubscribe(*this);
}

void ResponseHold::subscribe(const std::vector<std::string>& channels, std::uint64_t from) {
  from_order_ = from;
  subscriptions().reserve(static_cast<std::uint32_t>(channels.size()));
  set_rate_bucket(context_.table.rate_bucket(std::string(request_.route_id())));
  for (const auto& name : channels) context_.table.subscribe(*this, name, channel::Transport::response);
}

void ResponseHold::open(HeldResponse response, int timeout_s) {
  response_ = std::move(response);
  exchange_.park();
  opened_ = true;
  if (early_) return answer(*std::exchange(early_, nullptr));
  set_deadline(context_.core.wheel(), context_.core.now() + std::max(timeout_s, kMinTimeoutS) * base::Millis{1000});
}

void ResponseHold::cancel() {
  ended_ = true;
  clear_deadline();
  context_.table.unsubscribe(*this);
}

void ResponseHold::on_shutdown() {
  if (!opened_) return;
  context_.table.catch_up(*this);
  if (!ended_) answer_stored(CloseReason::shutdown);
}

void ResponseHold::describe(AccessNote& note) const {
  request_.describe(note);
  note.hold = "response";
}

void ResponseHold::describe_hold(HoldNote& note) const {
  request_.describe(note);
  describe_channels(*this, note);
}

void ResponseHold::deliver(const channel::Run& run) {
  if (ended_ || early_) return;
  for (const auto& message : run.messages()) {
    if (!message->response || message->response->action != Action::send || message->order < from_order_) continue;
    // The first message is the answer (LP-6).
    if (opened_) {
      answer(*message);
    } else {
      early_ = message;
    }
    return;
  }
}

void ResponseHold::on_dismissed(const Message* farewell) {
  if (ended_) return;
  if (farewell && farewell->response && farewell->response->action == Action::send) {
    return answer(*farewell, CloseReason::dismissed);
  }
  answer_stored(CloseReason::dismissed);
}

/// LP-3: the published fields replace stored ones of the same name; the body is the published one.
void ResponseHold::answer(const Message& message, CloseReason reason) {
  const auto& part = *message.response;
  std::vector<Field> stored;
  response_.headers.append_to(stored);
  std::vector<Field> fields;
  auto exposed = [&part](std::string_view name) { return !part.expose || names(*part.expose, name); };
  for (const auto& field : stored) {
    bool replaced = std::any_of(part.headers.begin(), part.headers.end(),
                                [&](const auto& header) { return base::iequals(header.name, field.name); });
    if (!replaced && exposed(field.name)) fields.push_back(field);
  }
  for (const auto& header : part.headers) {
    if (exposed(header.name)) fields.push_back({header.name, header.value});
  }
  cancel();
  exchange_.set_close_reason(reason);
  Slice body = part.body ? Slice(part.body) : Slice();
  exchange_.respond({.status = part.code,
                     .reason = part.reason,
                     .fields = fields,
                     .body_kind = BodyKind::sized,
                     .body_size = body.size},
                    {&body, 1}, End::yes);
}

void ResponseHold::answer_stored(CloseReason reason) {
  if (ended_) return;
  std::vector<Field> fields;
  response_.headers.append_to(fields);
  cancel();
  exchange_.set_close_reason(reason);
  Slice body{std::string_view(response_.body)};
  exchange_.respond({.status = response_.status.code,
                     .reason = response_.status.reason,
                     .fields = fields,
                     .body_kind = BodyKind::sized,
                     .body_size = body.size},
                    {&body, 1}, End::yes);
}

}  // namespace holdfast::hold
