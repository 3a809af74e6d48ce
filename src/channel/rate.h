// SPDX-License-Identifier: Apache-2.0
// grip.message_rate and message_hwm: deliveries a second for the whole process, and how many may wait for their turn.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include <holdfast/message.h>

#include "base/clock.h"
#include "channel/run.h"
#include "channel/subscriber.h"
#include "net/core.h"

namespace holdfast::channel {

/// The rate of the process, shared by its cores: each takes what it needs of the present tick's allowance, at most a
/// few dozen times a second.
class RateBudget {
 public:
  /// `per_second` > 0; `hwm`: deliveries that may wait for each route, 0: any number.
  RateBudget(std::int64_t per_second, std::int64_t hwm)
      : per_second_(std::min(per_second, kMostPerSecond)), hwm_(hwm) {}

  static constexpr base::Millis kTickMs = 25;

  /// Any thread. Takes up to `wanted` deliveries of the tick that `now` falls into.
  std::int64_t take(base::Millis now, std::int64_t wanted);

  /// How many deliveries wait for a route, on all cores together. Any thread; for who keeps it.
  std::shared_ptr<std::atomic<std::int64_t>> waiting_for(const std::string& route_id);

  std::int64_t per_second() const { return per_second_; }
  std::int64_t hwm() const { return hwm_; }

 private:
  static constexpr std::int64_t kTicks = 1000 / kTickMs;  // of a second
  // Beyond this it is no limit any more, and sums would overflow.
  static constexpr std::int64_t kMostPerSecond = std::int64_t{1} << 50;

  std::int64_t allowance(std::int64_t seen, std::int64_t tick) const;

  const std::int64_t per_second_;
  const std::int64_t hwm_;
  std::atomic<std::int64_t> tick_{0};
  std::atomic<std::int64_t> left_{0};
  std::mutex routes_mutex_;  // taken once for each route and core
  std::map<std::string, std::shared_ptr<std::atomic<std::int64_t>>> waiting_;
};

/// Deliveries of one core that wait for the rate: a queue for each route, served in turn. Only used where a rate is
/// set; without one nothing is queued at all.
class RatedDeliveries {
 public:
  RatedDeliveries(net::Core& core, RateBudget& budget);
  ~RatedDeliveries();

  std::uint32_t bucket(const std::string& route_id);

  /// Before the first delivery; as often as it subscribes. Leaving drops what waits for it.
  void join(Subscriber& subscriber) {
    if (members_.try_emplace(&subscriber, Member{last_generation_ + 1, 0}).second) ++last_generation_;
  }
  void leave(Subscriber& subscriber);

  /// Over the high-water mark the delivery is dropped, counted and logged.
  void enqueue(Subscriber& subscriber, const MessageRef& message);

  /// Delivers what the rate allows now. True: more could be delivered at once.
  bool run_slice();

 private:
  struct Delivery {
    Subscriber* subscriber;
    std::uint64_t generation;
    MessageRef message;
  };
  struct Bucket {
    std::string route_id;
    std::deque<Delivery> waiting;                               // also for members that have left meanwhile
    std::shared_ptr<std::atomic<std::int64_t>> due_everywhere;  // without those, on all cores
  };
  struct Member {
    std::uint64_t generation;
    std::uint32_t due;
  };
  struct Clock;

  Bucket& bucket_of(const Subscriber& subscriber);
  void settle(Bucket& bucket, std::uint32_t deliveries);
  void wait_for_tick();

  net::Core& core_;
  RateBudget& budget_;
  std::unique_ptr<Clock> clock_;
  std::vector<Bucket> buckets_;
  // A delivery is queued by address, and the address may be another subscriber's by its turn: the generation tells.
  boost::unordered_flat_map<Subscriber*, Member> members_;
  std::uint64_t last_generation_ = 0;
  std::size_t due_ = 0;
  std::size_t next_bucket_ = 0;
};

}  // namespace holdfast::channel
