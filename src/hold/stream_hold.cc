// SPDX-License-Identifier: Apache-2.0
#include "hold/stream_hold.h"

#include <random>
#include <utility>

#include "base/log.h"

namespace holdfast::hold {
namespace {

/// Keep-alives of clients that came together must not stay together (KA-1): up to a second earlier, drawn anew each
/// time.
base::Millis jitter_ms() {
  thread_local std::minstd_rand random{std::random_device{}()};
  return static_cast<base::Millis>(random() % 1000);
}

}  // namespace

StreamHold::StreamHold(HoldContext& context, Exchange& exchange, HeldRequest request)
    : context_(context), exchange_(exchange), request_(std::move(request)), waiting_(std::make_unique<Waiting>()) {
  context.core.counters().add(base::Counter::holds_stream);
  context.core.counters().adjust(base::Gauge::holds_stream, 1);
}

StreamHold::~StreamHold() {
  context_.core.counters().adjust(base::Gauge::holds_stream, -1);
  context_.table.unsubscribe(*this);
}

void StreamHold::subscribe(const std::vector<std::string>& channels, std::uint64_t from) {
  from_order_ = from;
  subscriptions().reserve(static_cast<std::uint32_t>(channels.size()));
  set_rate_bucket(context_.table.rate_bucket(std::string(request_.route_id())));
  for (const auto& name : channels) context_.table.subscribe(*this, name, channel::Transport::stream);
}

void StreamHold::set_keep_alive(const std::optional<KeepAlive>& keep_alive) {
  keep_alive_.reset();
  if (!keep_alive) return;
  keep_alive_ = context_.keep_alive_block(keep_alive->content);
  keep_alive_offset_ = static_cast<std::uint8_t>(keep_alive_->size() - keep_alive->content.size() - 2);
  keep_alive_timeout_s_ = keep_alive->timeout_s;
  keep_alive_mode_ = keep_alive->mode;
}

void StreamHold::open() {
  exchange_.park();
  opened_ = true;
  last_write_ = context_.core.now();
  arm_keep_alive();
  auto waiting = std::move(waiting_);
  if (!waiting || waiting->messages.empty()) return;
  channel::Run run;
  run.reset(waiting->messages);
  deliver(run);
}

void StreamHold::cancel() {
  ended_ = true;
  clear_deadline();
  context_.table.unsubscribe(*this);
}

/// What was published before reaches it.
void StreamHold::on_shutdown() {
  context_.table.catch_up(*this);
  if (!ended_) end(CloseReason::shutdown);
}

void StreamHold::describe(AccessNote& note) const {
  request_.describe(note);
  note.hold = "stream";
}

void StreamHold::describe_hold(HoldNote& note) const {
  request_.describe(note);
  describe_channels(*this, note);
}

// ---------------------------------------------------------------------------------------------------- messages

void StreamHold::deliver(const channel::Run& run) {
  if (ended_) return;
  if (run.messages().front()->order < from_order_) return deliver_newer(run);
  if (!opened_) return keep(run);
  if (run.bytes() + exchange_.queued_bytes() <= context_.options.send_buffer_max_bytes) {
    send(run);
  } else {
    send_each(run);
  }
  if (!ended_ && run.closes()) end(CloseReason::published);
}

/// What was published before the request went to the origin may still have been on its way to this core.
void StreamHold::deliver_newer(const channel::Run& run) {
  auto messages = run.messages();
  while (!messages.empty() && messages.front()->order < from_order_) messages = messages.subspan(1);
  if (messages.empty()) return;
  channel::Run newer;
  newer.reset(messages);
  deliver(newer);
}

/// Until the hold opens.
void StreamHold::keep(const channel::Run& run) {
  channel::Run single;
  for (const auto& message : run.messages()) {
    single.reset({&message, 1});
    if (single.bytes() == 0 || has_room(single.bytes())) {
      waiting_->messages.push_back(message);
      waiting_->bytes += single.bytes();
    } else if (!drop_message()) {
      return;
    }
  }
}

void StreamHold::send(const channel::Run& run) {
  bool chunked = exchange_.body_form() == Exchange::BodyForm::chunked;
  auto slices = chunked ? run.chunks() : run.raws();
  if (slices.empty()) return;
  last_write_ = context_.core.now();
  exchange_.write_framed(slices);
}

/// The run does not fit as a whole: as many messages as do, each of them whole or not at all.
void StreamHold::send_each(const channel::Run& run) {
  channel::Run single;
  for (const auto& message : run.messages()) {
    single.reset({&message, 1});
    if (single.closes()) return;
    if (single.bytes() == 0) continue;
    if (has_room(single.bytes())) {
      send(single);
    } else if (!drop_message()) {
      return;
    }
  }
}

/// One message of any size is taken by a client that is not behind.
bool StreamHold::has_room(std::size_t bytes) {
  auto queued = opened_ ? exchange_.queued_bytes() : waiting_->bytes;
  return queued == 0 || queued + bytes <= context_.options.send_buffer_max_bytes;
}

/// There is no room for a message: true when it is the message that goes, false when the client does.
bool StreamHold::drop_message() {
  if (context_.options.slow_client == SlowClient::drop) {
    context_.core.counters().add(base::Counter::slow_clients_dropped);
    report_slow("message dropped");
    return true;
  }
  context_.core.counters().add(base::Counter::slow_clients_closed);
  report_slow("client closed");
  cancel();
  exchange_.abort(CloseReason::slow_client);
  return false;
}

void StreamHold::report_slow(const char* what) const {
  static base::LogLimiter limiter;
  base::log_limited(limiter,
                    {{"conn", exchange_.connection_id()},
                     {"peer", exchange_.peer().text()},
                     {"route", request_.route_id()},
                     {"queued", exchange_.queued_bytes()},
                     base::LogField::bare("target", request_.target())},
                    "slow client: {}: server.send_buffer_max_bytes ({}) reached", what,
                    context_.options.send_buffer_max_bytes);
}

void StreamHold::on_dismissed(const Message* farewell) {
  if (ended_ || !opened_) return;
  if (farewell) {
    MessageRef message(farewell);
    channel::Run run;
    run.reset({&message, 1});
    send(run);
  }
  end(CloseReason::dismissed);
}

void StreamHold::end(CloseReason reason) {
  if (ended_) return;
  if (!opened_) return;  // the initial response is still being written; the exchange ends with it
  cancel();
  exchange_.set_close_reason(reason);
  exchange_.write({}, End::yes);
}

// -------------------------------------------------------------------------------------------------- keep-alive

void StreamHold::arm_keep_alive() {
  if (!keep_alive_ || ended_) return;
  auto period = std::max<base::Millis>(keep_alive_timeout_s_ * base::Millis{1000} - jitter_ms(), 100);
  set_deadline(context_.core.wheel(), context_.core.now() + period);
}

void StreamHold::on_deadline() {
  auto now = context_.core.now();
  auto period = keep_alive_timeout_s_ * base::Millis{1000};
  // Deliveries only note the time; whether it is due is asked here, once a period (KA-2).
  if (keep_alive_mode_ == KeepAlive::Mode::idle && last_write_ + period - 1000 > now) {
    auto due = std::max<base::Millis>(last_write_ + period - jitter_ms(), now + 100);
    set_deadline(context_.core.wheel(), due);
    return;
  }
  // A client that is behind gets what waits for it before any keep-alive (KA-4).
  if (exchange_.queued_bytes() == 0) {
    Slice chunk(keep_alive_);
    Slice raw(chunk.view().substr(keep_alive_offset_, chunk.size - keep_alive_offset_ - 2), keep_alive_.get());
    exchange_.write_framed({exchange_.body_form() == Exchange::BodyForm::chunked ? &chunk : &raw, 1});
    last_write_ = now;
  }
  arm_keep_alive();
}

}  // namespace holdfast::hold
