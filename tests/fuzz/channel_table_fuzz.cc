// SPDX-License-Identifier: Apache-2.0
// A channel table under operations in any order, beside a model that is too simple to be wrong: every subscriber gets
// exactly what was applied to its channels while it was there, in that order.
#include <array>
#include <deque>
#include <set>
#include <string>

#include "channel/hub.h"
#include "channel/table.h"
#include "fuzz/fuzz.h"

namespace holdfast::channel {
namespace {

constexpr std::size_t kCrowds = 2;
constexpr std::size_t kCrowdSize = ChannelTable::kSliceDeliveries + 50;  // so that a walk takes more than one slice
constexpr std::size_t kChannels = 4;
constexpr base::Millis kLingerMs = 1000;

std::string channel_name(std::size_t channel) {
  return "channel-" + std::to_string(channel);
}

class Model;

class Client final : public Subscriber {
 public:
  void deliver(const Run& run) override;

  ChannelTable* table = nullptr;
  bool subscribed = false;
  bool leaves_at_next = false;
  Transport transport = Transport::stream;
  std::array<bool, kChannels> listens{};
  std::deque<std::uint64_t> expected;  ///< orders of the messages that it has not been given yet
};

void leave(Client& client) {
  client.table->unsubscribe(client);
  client.subscribed = client.leaves_at_next = false;
  client.listens = {};
  client.expected.clear();
}

void Client::deliver(const Run& run) {
  HF_ASSERT(subscribed && !run.messages().empty() && run.messages().size() <= expected.size());
  std::size_t bytes = 0;
  for (const auto& message : run.messages()) {
    HF_ASSERT(message->order == expected.front());
    expected.pop_front();
    if (transport == Transport::stream && message->stream->action == Action::send)
      bytes += message->stream->block->size();
  }
  HF_ASSERT(run.closes() || run.bytes() == bytes || transport == Transport::response);
  if (leaves_at_next) leave(*this);
}

class InterestSet final : public InterestSink {
 public:
  void on_interest(const std::string& channel, Interest interest) override {
    bool changed = interest == Interest::begins ? channels.insert(channel).second : channels.erase(channel) == 1;
    HF_ASSERT(changed);
  }
  std::set<std::string> channels;
};

class Scene {
 public:
  Scene() : core_(0), hub_({}), table_(core_, hub_, {kLingerMs}, nullptr), now_(core_.now()) {
    hub_.add_core(core_, table_);
    hub_.set_interest_sink(&interest_);
    for (auto& client : clients_) client.table = &table_;
  }
  ~Scene() {
    for (auto& client : clients_) {
      if (client.subscribed) leave(client);
    }
  }

  /// One operation: what it is, on whom, and on which channels.
  void step(std::uint8_t what, std::uint8_t who, std::uint8_t where) {
    switch (what % 8) {
      case 0: return each(who, [&](Client& client) { join(client, where); });
      case 1:
        return each(who, [](Client& client) {
          if (client.subscribed) leave(client);
        });
      case 2: return each(who, [](Client& client) { client.leaves_at_next = client.subscribed; });
      case 3: return advance(where % 16);
      case 4: table_.run_slice(); return;
      case 5: return finish();
      default: return publish(who, where % kChannels);
    }
  }

  void finish() {
    // Each slice does something: what is to be done is bounded by messages and clients.
    for (std::size_t most = 1'000'000; table_.run_slice(); --most) HF_ASSERT(most > 0);
    for (const auto& client : clients_) HF_ASSERT(client.expected.empty());
    check_channels();
  }

 private:
  template <class Act>
  void each(std::uint8_t who, Act&& act) {
    if (who < 128) return act(clients_[who * std::size_t{5} % clients_.size()]);
    auto first = clients_.begin() + who % kCrowds * kCrowdSize;
    std::for_each(first, first + kCrowdSize, act);
  }

  void join(Client& client, std::uint8_t where) {
    if (client.subscribed) return;
    client.subscribed = true;
    client.transport = where & 0x10 ? Transport::response : Transport::stream;
    client.subscriptions().reserve(kChannels);
    for (std::size_t channel = 0; channel < kChannels; ++channel) {
      client.listens[channel] = where >> channel & 1;
      if (client.listens[channel]) table_.subscribe(client, channel_name(channel), client.transport);
    }
  }

  void publish(std::uint8_t parts, std::size_t channel) {
    NewMessageRef message(new Message);
    message->channel = channel_name(channel);
    message->channel_hash = std::hash<std::string_view>()(message->channel);
    message->order = ++last_order_;
    if (parts & 1) {
      message->stream = std::make_unique<StreamPart>();
      message->stream->action = parts & 4 ? Action::close : Action::send;
      if (!(parts & 4)) message->stream->block = Bytes::copy("1\r\nx\r\n");
    }
    if (parts & 2) message->response = std::make_unique<ResponsePart>();
    for (auto& client : clients_) {
      bool concerned = client.transport == Transport::stream ? parts & 1 : parts & 2;
      if (client.listens[channel] && concerned) client.expected.push_back(message->order);
    }
    table_.apply(message);
  }

  void advance(int ticks) {
    now_ += ticks * net::Wheel::kTickMs;
    core_.wheel().advance(now_);
    check_channels();
  }

  /// A channel exists while somebody listens, and may linger; who follows the channels knows of exactly those.
  void check_channels() {
    std::array<bool, kChannels> heard{};
    for (const auto& client : clients_) {
      for (std::size_t channel = 0; channel < kChannels; ++channel) heard[channel] |= client.listens[channel];
    }
    for (std::size_t channel = 0; channel < kChannels; ++channel) {
      HF_ASSERT(!heard[channel] || interest_.channels.contains(channel_name(channel)));
    }
    HF_ASSERT(interest_.channels.size() == table_.channels());
  }

  InterestSet interest_;
  net::Core core_;
  Hub hub_;
  ChannelTable table_;
  std::array<Client, kCrowds * kCrowdSize> clients_;
  base::Millis now_;
  std::uint64_t last_order_ = 0;
};

}  // namespace
}  // namespace holdfast::channel

HF_FUZZ_TARGET(input) {
  holdfast::channel::Scene scene;
  input = input.substr(0, 3 * 200);
  for (; input.size() >= 3; input.remove_prefix(3)) {
    auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(input[i]); };
    scene.step(byte(0), byte(1), byte(2));
  }
  scene.finish();
}
