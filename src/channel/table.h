// SPDX-License-Identifier: Apache-2.0
// One core's channels: who listens to what here, and what still has to be handed to them.
#pragma once

#include <array>
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/intrusive/list.hpp>
#include <boost/unordered/unordered_flat_map.hpp>

#include <holdfast/message.h>

#include "base/clock.h"
#include "base/list_walk.h"
#include "channel/rate.h"
#include "channel/run.h"
#include "channel/subscriber.h"
#include "net/core.h"

namespace holdfast::channel {

struct Channel;
class Hub;

/// The members of a channel that are of one transport, and the messages that not all of them have been given yet.
struct Lane {
  Channel* channel = nullptr;
  std::vector<Subscription*> members;
  std::vector<MessageRef> pending;
  std::uint64_t first = 0;     ///< position of pending.front()
  std::uint64_t walk_end = 0;  ///< the present walk hands out everything before it
  std::size_t cursor = 0;      ///< members below it have not been visited by the present walk
  bool walking = false;
  bool active = false;

  std::uint64_t end() const { return first + pending.size(); }
};

/// The channel's full name; valid while the subscription is.
std::string_view channel_name(const Subscription& subscription);

/// One channel on one core, for who asks from outside. The name is valid for the turn.
struct ChannelInfo {
  std::string_view name;
  std::array<std::size_t, kTransports> subscribers{};  ///< by Transport
};

using ChannelHook = boost::intrusive::list_base_hook<>;
using ChannelList = boost::intrusive::list<Channel, boost::intrusive::base_hook<ChannelHook>,
                                           boost::intrusive::constant_time_size<false>>;

struct TableOptions {
  /// A channel whose last long-poll has gone stays subscribed this long: its next poll is on the way.
  base::Millis linger_ms = 60000;
};

/// Applies what the hub has ordered and fans it out. One core.
///
/// Fan-out is a walk over each touched lane's members, in slices, so that other work gets its turn. A member is given
/// everything that is pending for it in *all* of its channels, in the order of publication, whichever of them the walk
/// came by: so a client on several channels sees the publishers' order, and one write a turn.
class ChannelTable final : public net::TurnTask {
 public:
  /// Deliveries in one slice: about 1.5 ms of a core.
  static constexpr std::size_t kSliceDeliveries = 256;

  ChannelTable(net::Core& core, Hub& hub, const TableOptions& options, RateBudget* rate);
  ~ChannelTable();
  ChannelTable(const ChannelTable&) = delete;
  ChannelTable& operator=(const ChannelTable&) = delete;

  void set_options(const TableOptions& options) { options_ = options; }

  /// From now on the subscriber gets what is published to the channel. `name` is the full name.
  void subscribe(Subscriber& subscriber, std::string_view name, Transport transport);
  /// Ends all of its subscriptions.
  void unsubscribe(Subscriber& subscriber);

  /// The order of the last message published so far, whether it has come to this core or not.
  std::uint64_t last_order() const;

  /// A message has got its place: hands it to the lanes that have members.
  void apply(const MessageRef& message);

  bool run_slice() override;

  /// Hands over at once what is pending for the subscriber, which may end it; where there is a rate, nothing is.
  void catch_up(Subscriber& subscriber);

  /// The queue of the rate limiter for a route; routes without an id of their own share one.
  std::uint32_t rate_bucket(const std::string& route_id) { return rated_ ? rated_->bucket(route_id) : 0; }

  std::size_t channels() const { return channels_.size(); }
  /// Nothing when nobody here listens to it, or has just left.
  std::optional<ChannelInfo> find(std::string_view name) const;

  /// Goes through all channels, in no particular order, in as many turns as it likes.
  class Walk {
   public:
    explicit Walk(ChannelTable& table);
    std::optional<ChannelInfo> next();

   private:
    base::ListWalk<ChannelList> place_;
  };
  /// Whether messages still have to be handed to members; those that wait for the rate do not count.
  bool has_pending() const { return !active_.empty(); }

 private:
  friend struct Channel;
  struct Key {
    std::size_t hash;
    std::string_view name;
    bool operator==(const Key& other) const { return name == other.name; }
  };
  struct KeyHash {
    using is_avalanching = void;
    std::size_t operator()(const Key& key) const { return key.hash; }
  };

  Channel& channel_for(std::string_view name);
  void unlink(Subscription& subscription);
  void erase(Channel& channel);
  void append(Lane& lane, const MessageRef& message);
  std::size_t walk(Lane& lane, std::size_t budget);
  void visit(Subscription& subscription);
  void visit_many(Subscriber& subscriber);
  void finish_walk(Lane& lane);

  net::Core& core_;
  Hub& hub_;
  TableOptions options_;
  std::unique_ptr<RatedDeliveries> rated_;  // only where there is a rate
  boost::unordered_flat_map<Key, std::unique_ptr<Channel>, KeyHash> channels_;
  ChannelList list_;  // the same, for walks
  base::ListWalk<ChannelList>::Set walks_;
  std::deque<Lane*> active_;
  Run run_;
  const Lane* run_lane_ = nullptr;  // what run_ was made from
  std::uint64_t run_from_ = 0;
  std::uint64_t run_to_ = 0;
  std::vector<MessageRef> merged_;
};

}  // namespace holdfast::channel
