// SPDX-License-Identifier: Apache-2.0
// A subscriber that writes down what it is given.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "channel/run.h"
#include "channel/subscriber.h"
#include "channel/table.h"

namespace holdfast::test {

class Recorder final : public channel::Subscriber {
 public:
  explicit Recorder(channel::ChannelTable& to) : table_(to) {}
  ~Recorder() { leave(); }

  Recorder& join(const std::vector<std::string>& channels, channel::Transport transport = channel::Transport::stream) {
    subscriptions().reserve(static_cast<std::uint32_t>(channels.size()));
    for (const auto& name : channels) table_.subscribe(*this, name, transport);
    return *this;
  }
  void leave() { table_.unsubscribe(*this); }

  void deliver(const channel::Run& run) override {
    ++deliveries;
    last_chunks = run.chunks().data();
    for (const auto& message : run.messages()) {
      if (message->stream) received.emplace_back(message->stream->raw().view());
      if (message->response) received.emplace_back(message->response->body->view());
      orders.push_back(message->order);
    }
    if (on_deliver) on_deliver();
  }

  std::vector<std::string> received;
  std::vector<std::uint64_t> orders;
  int deliveries = 0;
  const Slice* last_chunks = nullptr;
  std::function<void()> on_deliver;

 private:
  channel::ChannelTable& table_;
};

}  // namespace holdfast::test
