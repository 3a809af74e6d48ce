// SPDX-License-Identifier: Apache-2.0
// Grip-Hold: response, the long-poll. Nothing is sent until something is published or time is up (grip-http §12).
#pragma once

#include <string>
#include <vector>

#include <holdfast/exchange.h>
#include <holdfast/instruct.h>
#include <holdfast/message.h>

#include "channel/run.h"
#include "channel/subscriber.h"
#include "hold/hold.h"
#include "net/wheel.h"
#include "wire/header_block.h"

namespace holdfast::hold {

/// The response that the client gets when time is up, as the origin made it.
struct HeldResponse {
  StatusLine status;
  wire::HeaderBlock headers;  ///< what the client may see; no framing or Grip-* fields
  std::string body;
};

/// As StreamHold: made with the origin's head, opened when the origin's response is complete. Cost: about 250 bytes,
/// the stored response and the request line.
class ResponseHold final : public ExchangeHandler, public channel::Subscriber, private net::Timer {
 public:
  ResponseHold(HoldContext& context, Exchange& exchange, HeldRequest request);
  ~ResponseHold() override;

  void subscribe(const std::vector<std::string>& channels, std::uint64_t from = 0);

  /// Parks the client; answers at once when something has been published meanwhile.
  void open(HeldResponse response, int timeout_s);

  void cancel();

  void deliver(const channel::Run& run) override;

  void on_request_body(std::string_view, End) override {}
  void on_client_gone() override { cancel(); }
  void on_shutdown() override;
  void on_dismissed(const Message* farewell) override;
  void describe(AccessNote& note) const override;
  void describe_hold(HoldNote& note) const override;

 private:
  void on_deadline() override { answer_stored(CloseReason::timeout); }
  void answer(const Message& message, CloseReason reason = CloseReason::published);
  void answer_stored(CloseReason reason);

  HoldContext& context_;
  Exchange& exchange_;
  HeldRequest request_;
  HeldResponse response_;
  MessageRef early_;  // published before open()
  std::uint64_t from_order_ = 0;
  bool opened_ = false;
  bool ended_ = false;
};

}  // namespace holdfast::hold
