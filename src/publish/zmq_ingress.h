// SPDX-License-Identifier: Apache-2.0
// ZeroMQ publishers: the PULL and SUB sockets (publishing §3), read by a thread of their own.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <holdfast/result.h>

#include "base/counters.h"
#include "channel/hub.h"

namespace holdfast::publish {

struct ZmqAddresses {
  std::vector<std::string> pull;         ///< bound
  std::vector<std::string> sub;          ///< bound
  std::vector<std::string> sub_connect;  ///< connected to
};

/// Everything that can be refused is refused by open(). What arrives is parsed and posted to the hub; a bad frame is
/// dropped, counted and logged. The SUB sockets subscribe to exactly the channels that somebody here listens to.
class ZmqIngress final : public channel::InterestSink {
 public:
  explicit ZmqIngress(channel::Hub& hub);
  ~ZmqIngress();

  /// Before start(). With no addresses at all there will be no thread.
  Result<void> open(const ZmqAddresses& addresses);
  void start();
  /// Ends the thread; nothing is posted afterwards.
  void stop();

  void on_interest(const std::string& channel, channel::Interest interest) override;

  /// What its thread counts: bad_input, and publishes_refused for each time that the backlog holds publishers back.
  const base::Counters& counters() const { return counters_; }

 private:
  struct Sockets;
  channel::Hub& hub_;
  base::Counters counters_;
  std::unique_ptr<Sockets> sockets_;
};

}  // namespace holdfast::publish
