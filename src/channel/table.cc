// SPDX-License-Identifier: Apache-2.0
#include "channel/table.h"

#include <algorithm>
#include <functional>

#include "base/assert.h"
#include "channel/hub.h"

namespace holdfast::channel {

/// A channel exists on a core while somebody there listens, or has just left.
struct Channel final : net::Timer, ChannelHook {
  Channel(ChannelTable& owner, std::string_view full_name) : table(owner), name(full_name) {}

  Lane& lane(Transport transport) {
    auto& slot = lanes[static_cast<std::size_t>(transport)];
    if (!slot) {
      slot = std::make_unique<Lane>();
      slot->channel = this;
    }
    return *slot;
  }

  std::size_t members(Transport transport) const {
    const auto& slot = lanes[static_cast<std::size_t>(transport)];
    return slot ? slot->members.size() : 0;
  }

  bool has_members() const {
    return std::any_of(std::begin(lanes), std::end(lanes), [](const auto& l) { return l && !l->members.empty(); });
  }

  void on_deadline() override {
    if (!has_members()) table.erase(*this);
  }

  ChannelTable& table;
  const std::string name;
  std::unique_ptr<Lane> lanes[kTransports];
  base::Millis linger_until = 0;
};

std::string_view channel_name(const Subscription& subscription) {
  return subscription.lane->channel->name;
}

namespace {

base::Gauge gauge_of(Transport transport) {
  return transport == Transport::stream ? base::Gauge::subscriptions_stream : base::Gauge::subscriptions_response;
}

ChannelInfo info_of(const Channel& channel) {
  return {channel.name, {channel.members(Transport::stream), channel.members(Transport::response)}};
}

}  // namespace

ChannelTable::ChannelTable(net::Core& core, Hub& hub, const TableOptions& options, RateBudget* rate)
    : core_(core), hub_(hub), options_(options) {
  if (rate) rated_ = std::make_unique<RatedDeliveries>(core, *rate);
  core.add_turn_task(*this);
}

ChannelTable::~ChannelTable() = default;

ChannelTable::Walk::Walk(ChannelTable& table) : place_(table.list_, table.walks_) {}

std::optional<ChannelInfo> ChannelTable::Walk::next() {
  const auto* channel = place_.next();
  if (!channel) return std::nullopt;
  return info_of(*channel);
}

std::optional<ChannelInfo> ChannelTable::find(std::string_view name) const {
  auto found = channels_.find(Key{std::hash<std::string_view>()(name), name});
  if (found == channels_.end()) return std::nullopt;
  return info_of(*found->second);
}

std::uint64_t ChannelTable::last_order() const {
  return hub_.last_order();
}

Channel& ChannelTable::channel_for(std::string_view name) {
  Key key{std::hash<std::string_view>()(name), name};
  auto found = channels_.find(key);
  if (found != channels_.end()) return *found->second;
  auto channel = std::make_unique<Channel>(*this, name);
  key.name = channel->name;
  list_.push_back(*channel);
  core_.counters().adjust(base::Gauge::channels, 1);
  hub_.post_interest(core_.index(), channel->name, Interest::begins);
  return *channels_.emplace(key, std::move(channel)).first->second;
}

void ChannelTable::subscribe(Subscriber& subscriber, std::string_view name, Transport transport) {
  auto& channel = channel_for(name);
  channel.clear_deadline();
  auto& lane = channel.lane(transport);
  auto& subscription = subscriber.subscriptions().add();
  subscription.lane = &lane;
  subscription.owner = &subscriber;
  subscription.next = lane.end();
  subscription.index = static_cast<std::uint32_t>(lane.members.size());
  lane.members.push_back(&subscription);
  core_.counters().adjust(gauge_of(transport), 1);
  if (rated_) rated_->join(subscriber);
}

void ChannelTable::unsubscribe(Subscriber& subscriber) {
  for (auto& subscription : subscriber.subscriptions().all()) unlink(subscription);
  subscriber.subscriptions().forget();
  if (rated_) rated_->leave(subscriber);
}

void ChannelTable::unlink(Subscription& subscription) {
  auto& lane = *subscription.lane;
  auto& channel = *lane.channel;
  // The last member takes the place. A walk goes from the end to the front, so the one that moves has been visited
  // already, or is visited once more, which is harmless: what it has been given is known by its position.
  auto* last = lane.members.back();
  lane.members[subscription.index] = last;
  last->index = subscription.index;
  lane.members.pop_back();
  subscription.lane = nullptr;
  bool was_poll = channel.lanes[static_cast<std::size_t>(Transport::response)].get() == &lane;
  core_.counters().adjust(gauge_of(was_poll ? Transport::response : Transport::stream), -1);
  if (was_poll && lane.members.empty()) channel.linger_until = core_.now() + options_.linger_ms;
  if (channel.has_members()) return;
  // Streams do not linger, but neither do they cut short what a poll has begun (LP-13).
  if (channel.linger_until > core_.now()) {
    channel.set_deadline(core_.wheel(), channel.linger_until);
  } else {
    erase(channel);
  }
}

void ChannelTable::erase(Channel& channel) {
  for (const auto& lane : channel.lanes) {
    if (!lane) continue;
    if (lane->active) std::erase(active_, lane.get());
    lane->active = false;
    if (lane.get() == run_lane_) run_lane_ = nullptr;
  }
  hub_.post_interest(core_.index(), channel.name, Interest::ends);
  auto found = channels_.find(Key{std::hash<std::string_view>()(channel.name), channel.name});
  HF_ASSERT(found != channels_.end());
  base::ListWalk<ChannelList>::pass(walks_, channel);
  list_.erase(list_.iterator_to(channel));
  core_.counters().adjust(base::Gauge::channels, -1);
  // Later in the turn: a walk may be standing in one of its lanes.
  core_.defer_delete(std::move(found->second));
  channels_.erase(found);
}

// ----------------------------------------------------------------------------------------------------- fan-out

void ChannelTable::apply(const MessageRef& message) {
  auto found = channels_.find(Key{message->channel_hash, message->channel});
  if (found == channels_.end()) return;
  auto& lanes = found->second->lanes;
  if (auto& lane = lanes[static_cast<std::size_t>(Transport::stream)]; lane && message->stream) append(*lane, message);
  if (auto& lane = lanes[static_cast<std::size_t>(Transport::response)]; lane && message->response) {
    append(*lane, message);
  }
}

void ChannelTable::append(Lane& lane, const MessageRef& message) {
  if (lane.members.empty()) return;
  if (rated_) {
    for (auto* member : lane.members) rated_->enqueue(*member->owner, message);
    return;
  }
  lane.pending.push_back(message);
  if (lane.active) return;
  lane.active = true;
  active_.push_back(&lane);
}

bool ChannelTable::run_slice() {
  if (rated_) return rated_->run_slice();
  std::size_t budget = kSliceDeliveries;
  while (budget > 0 && !active_.empty()) {
    auto& lane = *active_.front();
    active_.pop_front();
    // A share for each lane, so that a channel with a few members does not wait for one with a hundred thousand.
    auto share = std::min(budget, std::max<std::size_t>(kSliceDeliveries / (active_.size() + 1), 16));
    auto used = walk(lane, share);
    budget -= std::min(budget, std::max<std::size_t>(used, 1));
    if (lane.active) active_.push_back(&lane);
  }
  return !active_.empty();
}

/// Visits up to `budget` members; returns how many. The lane stays active while members or messages are left.
std::size_t ChannelTable::walk(Lane& lane, std::size_t budget) {
  if (!lane.walking) {
    lane.walking = true;
    lane.walk_end = lane.end();
    lane.cursor = lane.members.size();
  }
  std::size_t used = 0;
  while (lane.cursor > 0 && used < budget) {
    // Members may have left meanwhile, and the visited one may leave while it is being visited.
    lane.cursor = std::min(lane.cursor, lane.members.size());
    if (lane.cursor == 0) break;
    auto& subscription = *lane.members[--lane.cursor];
    if (subscription.next >= lane.end()) continue;
    ++used;
    visit(subscription);
  }
  if (lane.cursor == 0) finish_walk(lane);
  return used;
}

void ChannelTable::finish_walk(Lane& lane) {
  lane.walking = false;
  auto done = static_cast<std::size_t>(lane.walk_end - lane.first);
  // Once for each message and core, not for each client.
  auto now = base::steady_us();
  for (std::size_t i = 0; i < done; ++i) {
    core_.counters().observe(base::Timing::publish_to_write, now - lane.pending[i]->placed_us);
  }
  lane.pending.erase(lane.pending.begin(), lane.pending.begin() + static_cast<std::ptrdiff_t>(done));
  lane.first = lane.walk_end;
  run_lane_ = nullptr;
  lane.active = !lane.pending.empty() && !lane.members.empty();
  if (lane.active) return;
  lane.first = lane.end();
  lane.pending.clear();
  if (lane.pending.capacity() > 64) lane.pending.shrink_to_fit();
}

void ChannelTable::visit(Subscription& subscription) {
  auto& subscriber = *subscription.owner;
  if (subscriber.subscriptions().all().size() > 1) return visit_many(subscriber);
  auto& lane = *subscription.lane;
  auto from = subscription.next;
  auto to = lane.end();
  if (run_lane_ != &lane || run_from_ != from || run_to_ != to) {
    run_lane_ = &lane;
    run_from_ = from;
    run_to_ = to;
    run_.reset(std::span(lane.pending).subspan(static_cast<std::size_t>(from - lane.first)));
  }
  subscription.next = to;
  core_.counters().add(base::Counter::deliveries, run_.messages().size());
  subscriber.deliver(run_);
}

void ChannelTable::catch_up(Subscriber& subscriber) {
  if (!rated_) visit_many(subscriber);
}

/// Everything that is pending for the subscriber in any of its channels, in the order of publication.
void ChannelTable::visit_many(Subscriber& subscriber) {
  merged_.clear();
  for (auto& subscription : subscriber.subscriptions().all()) {
    auto& lane = *subscription.lane;
    auto from = std::max(subscription.next, lane.first);
    auto skip = static_cast<std::ptrdiff_t>(from - lane.first);
    merged_.insert(merged_.end(), lane.pending.begin() + skip, lane.pending.end());
    subscription.next = lane.end();
  }
  if (merged_.empty()) return;
  std::sort(merged_.begin(), merged_.end(), [](const auto& a, const auto& b) { return a->order < b->order; });
  core_.counters().add(base::Counter::deliveries, merged_.size());
  Run run;
  run.reset(merged_);
  subscriber.deliver(run);
  merged_.clear();  // messages count as waiting for as long as anybody holds them
}

}  // namespace holdfast::channel
