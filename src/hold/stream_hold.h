// SPDX-License-Identifier: Apache-2.0
// Grip-Hold: stream. A response that stays open; what is published is appended to it (grip-http §13).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <holdfast/exchange.h>
#include <holdfast/instruct.h>
#include <holdfast/message.h>

#include "channel/run.h"
#include "channel/subscriber.h"
#include "hold/hold.h"
#include "net/wheel.h"

namespace holdfast::hold {

/// Made as soon as the origin's head says "stream", so that nothing published from then on is missed; opened when the
/// head and the initial body have been handed to the exchange. Owned by the exchange, from then on by way of
/// set_handler. Cost: about 200 bytes, and the request line.
class StreamHold final : public ExchangeHandler, public channel::Subscriber, private net::Timer {
 public:
  StreamHold(HoldContext& context, Exchange& exchange, HeldRequest request);
  ~StreamHold() override;

  /// Subscribes to the channels. What is published before open() waits here; what is of an order before `from` is left
  /// out, for the origin knew of it when it answered.
  void subscribe(const std::vector<std::string>& channels, std::uint64_t from = 0);
  void set_keep_alive(const std::optional<KeepAlive>& keep_alive);

  /// The initial response has been written: parks the client, and appends what has come meanwhile.
  void open();

  /// The client or the origin has gone before the hold began.
  void cancel();

  // channel::Subscriber
  void deliver(const channel::Run& run) override;

  // ExchangeHandler
  void on_request_body(std::string_view, End) override {}
  void on_client_gone() override { cancel(); }
  void on_shutdown() override;
  void on_dismissed(const Message* farewell) override;
  void describe(AccessNote& note) const override;
  void describe_hold(HoldNote& note) const override;

 private:
  /// Messages that came before open().
  struct Waiting {
    std::vector<MessageRef> messages;
    std::size_t bytes = 0;
  };

  void on_deadline() override;
  void deliver_newer(const channel::Run& run);
  void keep(const channel::Run& run);
  void send(const channel::Run& run);
  void send_each(const channel::Run& run);
  bool has_room(std::size_t bytes);
  bool drop_message();
  void end(CloseReason reason);
  void arm_keep_alive();
  void report_slow(const char* what) const;

  HoldContext& context_;
  Exchange& exchange_;
  HeldRequest request_;
  std::unique_ptr<Waiting> waiting_;
  BytesRef keep_alive_;  // a chunk
  std::uint64_t from_order_ = 0;
  base::Millis last_write_ = 0;
  std::int32_t keep_alive_timeout_s_ = 0;
  std::uint8_t keep_alive_offset_ = 0;  // of the content in the chunk
  KeepAlive::Mode keep_alive_mode_ = KeepAlive::Mode::idle;
  bool opened_ = false;
  bool ended_ = false;
};

}  // namespace holdfast::hold
