// SPDX-License-Identifier: Apache-2.0
#include "channel/rate.h"

#include <algorithm>

#include "base/log.h"
#include "net/fine_timer.h"

namespace holdfast::channel {

/// What the ticks behind `seen`, up to `tick`, give; but no more than one of them would, for a rate is not saved up.
std::int64_t RateBudget::allowance(std::int64_t seen, std::int64_t tick) const {
  auto most = (per_second_ + kTicks - 1) / kTicks;
  if (tick - seen >= kTicks) return most;
  auto second = seen - seen % kTicks;  // whole seconds give whole numbers
  return std::min(most, (tick - second) * per_second_ / kTicks - (seen - second) * per_second_ / kTicks);
}

std::int64_t RateBudget::take(base::Millis now, std::int64_t wanted) {
  auto tick = now / kTickMs;
  auto seen = tick_.load(std::memory_order_relaxed);
  if (tick > seen && tick_.compare_exchange_strong(seen, tick, std::memory_order_relaxed)) {
    left_.store(allowance(seen, tick), std::memory_order_relaxed);
  }
  auto left = left_.load(std::memory_order_relaxed);
  while (left > 0) {
    auto taken = std::min(left, wanted);
    if (left_.compare_exchange_weak(left, left - taken, std::memory_order_relaxed)) return taken;
  }
  return 0;
}

std::shared_ptr<std::atomic<std::int64_t>> RateBudget::waiting_for(const std::string& route_id) {
  std::lock_guard lock(routes_mutex_);
  auto& waiting = waiting_[route_id];
  if (!waiting) waiting = std::make_shared<std::atomic<std::int64_t>>(0);
  return waiting;
}

struct RatedDeliveries::Clock {
  Clock(net::Core& core, std::function<void()> on_time) : timer(core, std::move(on_time)) {}
  net::FineTimer timer;
  bool running = false;
};

RatedDeliveries::RatedDeliveries(net::Core& core, RateBudget& budget)
    : core_(core), budget_(budget), clock_(std::make_unique<Clock>(core, [this] {
        clock_->running = false;
        core_.nudge();  // the next turn runs a slice
      })) {
  bucket({});
}

RatedDeliveries::~RatedDeliveries() = default;

std::uint32_t RatedDeliveries::bucket(const std::string& route_id) {
  auto found = std::find_if(buckets_.begin(), buckets_.end(), [&](const auto& b) { return b.route_id == route_id; });
  if (found == buckets_.end()) found = buckets_.insert(buckets_.end(), {route_id, {}, budget_.waiting_for(route_id)});
  return static_cast<std::uint32_t>(found - buckets_.begin());
}

RatedDeliveries::Bucket& RatedDeliveries::bucket_of(const Subscriber& subscriber) {
  return buckets_[std::min<std::size_t>(subscriber.rate_bucket(), buckets_.size() - 1)];
}

void RatedDeliveries::leave(Subscriber& subscriber) {
  auto member = members_.find(&subscriber);
  if (member == members_.end()) return;
  settle(bucket_of(subscriber), member->second.due);
  members_.erase(member);
}

/// Deliveries have been made, or have lost their receiver.
void RatedDeliveries::settle(Bucket& bucket, std::uint32_t deliveries) {
  bucket.due_everywhere->fetch_sub(deliveries, std::memory_order_relaxed);
  due_ -= deliveries;
  // What is left in the queues is for nobody, and may be much.
  if (deliveries > 0 && due_ == 0) {
    for (auto& any : buckets_) any.waiting.clear();
  }
}

void RatedDeliveries::enqueue(Subscriber& subscriber, const MessageRef& message) {
  auto& bucket = bucket_of(subscriber);
  if (budget_.hwm() > 0 && bucket.due_everywhere->load(std::memory_order_relaxed) >= budget_.hwm()) {
    core_.counters().add(base::Counter::rate_limited);
    static base::LogLimiter limiter;
    base::log_limited(limiter, {{"route", bucket.route_id}, {"channel", message->channel}},
                      "delivery dropped: grip.message_hwm ({}) reached", budget_.hwm());
    return;
  }
  auto& member = members_.at(&subscriber);
  bucket.waiting.push_back({&subscriber, member.generation, message});
  ++member.due;
  bucket.due_everywhere->fetch_add(1, std::memory_order_relaxed);
  ++due_;
}

bool RatedDeliveries::run_slice() {
  if (due_ == 0) return false;
  constexpr std::int64_t kSlice = 256;
  auto allowed = budget_.take(core_.now(), std::min<std::int64_t>(kSlice, static_cast<std::int64_t>(due_)));
  if (allowed == 0) {
    wait_for_tick();
    return false;
  }
  Run run;
  while (allowed > 0 && due_ > 0) {
    auto& bucket = buckets_[next_bucket_++ % buckets_.size()];
    if (bucket.waiting.empty()) continue;
    auto delivery = std::move(bucket.waiting.front());
    bucket.waiting.pop_front();
    auto member = members_.find(delivery.subscriber);
    if (member == members_.end() || member->second.generation != delivery.generation) continue;  // gone: costs nothing
    --allowed;
    --member->second.due;
    settle(bucket, 1);
    run.reset({&delivery.message, 1});
    delivery.subscriber->deliver(run);
    core_.counters().add(base::Counter::deliveries);
  }
  return due_ > 0;
}

void RatedDeliveries::wait_for_tick() {
  if (clock_->running) return;
  clock_->running = true;
  clock_->timer.start(RateBudget::kTickMs);
}

}  // namespace holdfast::channel
