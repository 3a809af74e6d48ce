// SPDX-License-Identifier: Apache-2.0
#include "channel/rate.h"

#include <algorithm>

#include "base/log.h"
#include "base/text.h"
#include "net/fine_timer.h"

namespace holdfast::channel {

std::int64_t RateBudget::take(base::Millis now, std::int64_t wanted) {
  auto tick = now / kTickMs;
  auto seen = tick_.load(std::memory_order_relaxed);
  if (tick > seen && tick_.compare_exchange_strong(seen, tick, std::memory_order_relaxed)) {
    // What an earlier tick left over is gone: a rate is not saved up.
    auto before = seen * kTickMs * per_second_ / 1000;
    auto until = tick * kTickMs * per_second_ / 1000;
    auto allowance = tick == seen + 1 ? until - before : (per_second_ * kTickMs + 999) / 1000;
    left_.store(std::max<std::int64_t>(allowance, 0), std::memory_order_relaxed);
  }
  auto left = left_.load(std::memory_order_relaxed);
  while (left > 0) {
    auto taken = std::min(left, wanted);
    if (left_.compare_exchange_weak(left, left - taken, std::memory_order_relaxed)) return taken;
  }
  return 0;
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
  buckets_.push_back({});
}

RatedDeliveries::~RatedDeliveries() = default;

std::uint32_t RatedDeliveries::bucket(const std::string& route_id) {
  auto found = std::find_if(buckets_.begin(), buckets_.end(), [&](const auto& b) { return b.route_id == route_id; });
  if (found == buckets_.end()) found = buckets_.insert(buckets_.end(), {route_id, {}});
  return static_cast<std::uint32_t>(found - buckets_.begin());
}

void RatedDeliveries::leave(Subscriber& subscriber) { members_.erase(&subscriber); }

void RatedDeliveries::enqueue(Subscriber& subscriber, const MessageRef& message) {
  auto& bucket = buckets_[std::min<std::size_t>(subscriber.rate_bucket(), buckets_.size() - 1)];
  if (budget_.hwm() > 0 && bucket.waiting.size() >= static_cast<std::size_t>(budget_.hwm())) {
    core_.counters().add(base::Counter::rate_limited);
    static base::LogLimiter limiter;
    base::log_limited(limiter, "delivery dropped: grip.message_hwm ({}) reached: route={} channel={}", budget_.hwm(),
                      bucket.route_id.empty() ? "-" : bucket.route_id, base::printable(message->channel));
    return;
  }
  bucket.waiting.push_back({&subscriber, members_.at(&subscriber), message});
  ++waiting_;
}

bool RatedDeliveries::run_slice() {
  if (waiting_ == 0) return false;
  constexpr std::int64_t kSlice = 256;
  auto allowed = budget_.take(core_.now(), std::min<std::int64_t>(kSlice, static_cast<std::int64_t>(waiting_)));
  if (allowed == 0) {
    wait_for_tick();
    return false;
  }
  Run run;
  while (allowed > 0 && waiting_ > 0) {
    auto& bucket = buckets_[next_bucket_++ % buckets_.size()];
    if (bucket.waiting.empty()) continue;
    auto delivery = std::move(bucket.waiting.front());
    bucket.waiting.pop_front();
    --waiting_;
    auto member = members_.find(delivery.subscriber);
    if (member == members_.end() || member->second != delivery.generation) continue;  // gone: costs nothing
    --allowed;
    run.reset({&delivery.message, 1});
    delivery.subscriber->deliver(run);
    core_.counters().add(base::Counter::deliveries);
  }
  return waiting_ > 0;
}

void RatedDeliveries::wait_for_tick() {
  if (clock_->running) return;
  clock_->running = true;
  clock_->timer.start(RateBudget::kTickMs);
}

}  // namespace holdfast::channel
