// SPDX-License-Identifier: Apache-2.0
// The hub gives everything that is published its place in one order, and hands it to every core.
//
// The hub is a role, not a thread (docs/decisions/0004): whoever posts a letter while nobody plays the role plays it
// until no letter is left. So a publish that arrives on a core reaches that core's clients without changing threads,
// and nobody ever waits for a lock: who finds the role taken leaves his letter and goes on.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include <holdfast/message.h>

#include "base/counters.h"
#include "channel/duplicates.h"
#include "channel/sequencer.h"
#include "net/core.h"

namespace holdfast::channel {

class ChannelTable;

enum class Interest : bool { begins, ends };

/// Who follows which channels this process listens to (the ZeroMQ SUB socket does). Called by whoever plays the hub,
/// one call at a time.
class InterestSink {
 public:
  virtual void on_interest(const std::string& channel, Interest interest) = 0;

 protected:
  ~InterestSink() = default;
};

struct HubOptions {
  base::Millis id_cache_ttl_ms = 60000;  ///< 0: duplicates are not looked for
  std::size_t id_cache_max = 1000000;
  base::Millis message_wait_ms = 5000;  ///< an item waits so long for the one that its prev-id names
  std::size_t message_wait_max = 100;   ///< so many of one channel
  /// Messages that wait in this process: to be ordered, to be taken by a core, or to be handed to the members of a
  /// channel. Over it overloaded() is true. 0: no limit.
  std::int64_t backlog_max_bytes = 0;
};

/// One for the process. Thread-safe where it says so.
class Hub {
 public:
  explicit Hub(const HubOptions& options);
  ~Hub();
  Hub(const Hub&) = delete;
  Hub& operator=(const Hub&) = delete;

  /// Before anything is posted.
  void add_core(net::Core& core, ChannelTable& table);
  /// When all cores have stopped: they may be destroyed, and whatever their clients leave behind goes to nobody.
  void forget_cores();
  void set_interest_sink(InterestSink* sink) { interest_sink_ = sink; }

  /// Any thread. When it returns, the messages have their place, in this order and next to each other, behind
  /// everything that was posted before.
  void publish(std::vector<NewMessageRef> messages);

  /// Any thread. Items that have waited long enough for their predecessor go without it. To be called a few times a
  /// second (HubTicker does).
  void tick();
  /// Any thread. Items that wait for their predecessor.
  std::size_t waiting() const { return waiting_.load(std::memory_order_relaxed); }

  /// Any thread. A core has its first listener on a channel, or has lost its last.
  void post_interest(unsigned core, const std::string& channel, Interest interest);

  /// Any thread; holds for what is published from now on.
  void set_options(const HubOptions& options);

  /// Any thread. Cores do not keep up: publishers should be told to come back later.
  bool overloaded() const {
    auto most = backlog_max_bytes();
    return most > 0 && backlog_bytes() > most;
  }
  std::int64_t backlog_max_bytes() const { return backlog_max_bytes_.load(std::memory_order_relaxed); }
  std::int64_t backlog_bytes() const { return live_bytes_.load(std::memory_order_relaxed); }

  /// Any thread. The place of the last message that has got one.
  std::uint64_t last_order() const { return last_order_.load(std::memory_order_acquire); }

  /// What the hub counts: published, duplicates, and items that did not wait long enough for their predecessor.
  const base::Counters& counters() const { return counters_; }

 private:
  struct Post;
  struct PublishPost;
  struct InterestPost;
  struct OptionsPost;
  struct TickPost;
  struct Port;
  class Delivery;
  struct Listeners {
    std::uint32_t cores = 0;
    std::uint64_t mask = 0;  // bit core % 64
    std::vector<std::uint32_t> counts;
  };

  void post(Post* post);
  void play();
  void apply(PublishPost& post);
  void apply(InterestPost& post);
  void place(std::vector<NewMessageRef>& messages, std::int64_t now_us);
  void hand_out();

  static Post* idle_mark();

  std::atomic<std::int64_t> backlog_max_bytes_;
  std::atomic<std::int64_t> live_bytes_{0};
  std::atomic<std::uint64_t> last_order_{0};  // written by who plays
  std::atomic<std::size_t> waiting_{0};       // likewise
  std::atomic<Post*> posts_;                  // newest first; idle_mark() while nobody plays
  std::vector<Port> ports_;
  InterestSink* interest_sink_ = nullptr;

  // Only for who plays:
  base::Counters counters_;
  DuplicateFilter duplicates_;
  Sequencer sequencer_;
  std::vector<NewMessageRef> ready_;
  boost::unordered_flat_map<std::string, Listeners> listeners_;
  std::vector<MessageRef> batch_;
  std::uint64_t wake_mask_ = 0;
};

/// Calls the hub's tick() from one core.
class HubTicker final : private net::Timer {
 public:
  HubTicker(net::Core& core, Hub& hub) : core_(core), hub_(hub) { on_deadline(); }

 private:
  void on_deadline() override {
    if (hub_.waiting() > 0) hub_.tick();
    set_deadline(core_.wheel(), core_.now() + net::Wheel::kTickMs);
  }
  net::Core& core_;
  Hub& hub_;
};

}  // namespace holdfast::channel
