// SPDX-License-Identifier: Apache-2.0
// Who receives from channels, and its links to them.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace holdfast::channel {

class Run;
class Subscriber;
struct Lane;

/// The kinds of clients that a message may have a part for. Each is fanned out by itself.
enum class Transport : std::uint8_t { stream, response };
inline constexpr std::size_t kTransports = 2;

/// One link between a subscriber and a channel: 32 bytes inside the subscriber. It must not move while it is linked.
struct Subscription {
  Lane* lane = nullptr;
  Subscriber* owner = nullptr;
  std::uint64_t next = 0;   ///< position in the lane of the first message that the owner has not been given
  std::uint32_t index = 0;  ///< among the lane's members
};

/// All subscriptions of one subscriber: one of them in place, more in a block of their own.
class SubscriptionSet {
 public:
  SubscriptionSet() = default;
  SubscriptionSet(const SubscriptionSet&) = delete;
  SubscriptionSet& operator=(const SubscriptionSet&) = delete;

  void reserve(std::uint32_t count) {
    if (count > 1) more_ = std::make_unique<Subscription[]>(count);
  }
  Subscription& add() { return data()[count_++]; }
  std::span<Subscription> all() { return {data(), count_}; }
  std::span<const Subscription> all() const { return {more_ ? more_.get() : &one_, count_}; }
  void forget() { count_ = 0; }

 private:
  Subscription* data() { return more_ ? more_.get() : &one_; }

  Subscription one_;
  std::unique_ptr<Subscription[]> more_;
  std::uint32_t count_ = 0;
};

/// A held client, seen from its channels. One core.
class Subscriber {
 public:
  /// Messages for this subscriber, in the order of their publication. It may unsubscribe from in here.
  virtual void deliver(const Run& run) = 0;

  SubscriptionSet& subscriptions() { return subscriptions_; }
  const SubscriptionSet& subscriptions() const { return subscriptions_; }
  /// Which of the rate limiter's queues deliveries wait in; by route.
  std::uint32_t rate_bucket() const { return rate_bucket_; }
  void set_rate_bucket(std::uint32_t bucket) { rate_bucket_ = bucket; }

 protected:
  ~Subscriber() = default;

 private:
  SubscriptionSet subscriptions_;
  std::uint32_t rate_bucket_ = 0;
};

}  // namespace holdfast::channel
