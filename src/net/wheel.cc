// SPDX-License-Identifier: Apache-2.0
#include "net/wheel.h"

#include <algorithm>

namespace holdfast::net {

void Timer::set_deadline(Wheel& wheel, base::Millis at) {
  deadline_ = wheel.tick_of(at);
  if (linked()) {
    if (slot_tick_ <= deadline_) return;
    unlink();
  }
  wheel.link(*this, deadline_);
}

void Timer::unlink() {
  if (!linked()) return;
  prev_->next_ = next_;
  next_->prev_ = prev_;
  prev_ = next_ = nullptr;
}

Wheel::Wheel(base::Millis now) : start_(now) {
  for (auto& slot : slots_) slot.prev_ = slot.next_ = &slot;
}

Wheel::~Wheel() {
  // Timers may outlive the wheel while a core is being torn down: let go of them.
  for (auto& slot : slots_) {
    while (slot.next_ != &slot) slot.next_->unlink();
    slot.prev_ = slot.next_ = nullptr;
  }
}

/// The first tick that does not come before `at`, and always a future one.
std::uint32_t Wheel::tick_of(base::Millis at) const {
  auto tick = (at - start_ + kTickMs - 1) / kTickMs;
  auto latest = static_cast<base::Millis>(Timer::kNever) - 1;
  return static_cast<std::uint32_t>(std::clamp(tick, static_cast<base::Millis>(now_tick_) + 1, latest));
}

void Wheel::link(Timer& timer, std::uint32_t tick) {
  auto& head = slots_[tick % kSlots];
  timer.slot_tick_ = tick;
  timer.prev_ = head.prev_;
  timer.next_ = &head;
  head.prev_->next_ = &timer;
  head.prev_ = &timer;
}

void Wheel::advance(base::Millis now) {
  auto target = static_cast<std::uint32_t>(std::max<base::Millis>(0, now - start_) / kTickMs);
  if (target <= now_tick_) return;
  // After a long stall every slot is visited once, which meets every deadline that has passed.
  auto first = std::max(now_tick_ + 1, target >= kSlots ? target - static_cast<std::uint32_t>(kSlots) + 1 : 1);
  now_tick_ = target;
  for (auto tick = first; tick <= target; ++tick) run_slot(tick);
}

void Wheel::run_slot(std::uint32_t tick) {
  auto& head = slots_[tick % kSlots];
  if (head.next_ == &head) return;
  // Take the whole slot: handlers may arm timers in it, and may destroy any timer.
  Head due;
  due.next_ = head.next_;
  due.prev_ = head.prev_;
  due.next_->prev_ = &due;
  due.prev_->next_ = &due;
  head.prev_ = head.next_ = &head;
  while (due.next_ != &due) {
    Timer& timer = *due.next_;
    timer.unlink();
    if (timer.slot_tick_ > now_tick_) {
      link(timer, timer.slot_tick_);  // a later turn's
    } else if (timer.deadline_ > now_tick_) {
      if (timer.deadline_ != Timer::kNever) link(timer, timer.deadline_);
    } else {
      timer.deadline_ = Timer::kNever;
      timer.on_deadline();
    }
  }
  due.prev_ = due.next_ = nullptr;
}

}  // namespace holdfast::net
