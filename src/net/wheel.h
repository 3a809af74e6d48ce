// SPDX-License-Identifier: Apache-2.0
// Coarse timers: 32 bytes each, no allocation, and hardly any work for a deadline that keeps moving away.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/clock.h"

namespace holdfast::net {

class Wheel;

/// A deadline of some object. Setting a later deadline only stores a number: the wheel looks again when the earlier one
/// comes. Fires up to one tick (100 ms) late, never early. One thread.
class Timer {
 public:
  Timer() = default;
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  void set_deadline(Wheel& wheel, base::Millis at);
  void clear_deadline() { deadline_ = kNever; }
  bool has_deadline() const { return deadline_ != kNever; }

 protected:
  virtual ~Timer() { unlink(); }
  virtual void on_deadline() = 0;

 private:
  friend class Wheel;
  static constexpr std::uint32_t kNever = UINT32_MAX;

  void unlink();
  bool linked() const { return next_ != nullptr; }

  Timer* prev_ = nullptr;
  Timer* next_ = nullptr;
  std::uint32_t slot_tick_ = 0;  // when the wheel will look, where linked
  std::uint32_t deadline_ = kNever;
};

/// One for each core. A hashed wheel of 1024 slots: deadlines further away than its turn (102 s) are met once a turn
/// and left in place.
class Wheel {
 public:
  static constexpr base::Millis kTickMs = 100;

  explicit Wheel(base::Millis now);
  ~Wheel();
  Wheel(const Wheel&) = delete;
  Wheel& operator=(const Wheel&) = delete;

  /// Calls on_deadline of every timer whose time has come. A timer may be set again, or destroyed, from there.
  void advance(base::Millis now);

 private:
  friend class Timer;
  static constexpr std::size_t kSlots = 1024;

  struct Head final : Timer {
    void on_deadline() override {}
  };

  std::uint32_t tick_of(base::Millis at) const;
  void link(Timer& timer, std::uint32_t tick);
  void run_slot(std::uint32_t tick);

  base::Millis start_;
  std::uint32_t now_tick_ = 0;
  std::array<Head, kSlots> slots_;
};

}  // namespace holdfast::net
