// SPDX-License-Identifier: Apache-2.0
// How fast held clients are sent away when the daemon stops, so that they do not all come back somewhere at once.
#pragma once

#include <cstddef>
#include <random>

#include "base/clock.h"

namespace holdfast::app {

/// Spreads `clients` evenly over `over_ms`, a little irregularly, so that the cores of many instances do not beat in
/// time. A few clients need not be spread: they go at 10 a second at least.
class DrainPace {
 public:
  static constexpr std::size_t kLeastPerSecond = 10;

  DrainPace(std::size_t clients, base::Millis over_ms) : clients_(clients), over_ms_(over_ms) {}

  /// How many more are to go now, when `elapsed_ms` have passed since the beginning.
  std::size_t take(base::Millis elapsed_ms);

 private:
  static constexpr base::Millis kJitterMs = 100;

  std::size_t clients_;
  base::Millis over_ms_;
  std::size_t taken_ = 0;
  std::minstd_rand random_{std::random_device{}()};
};

}  // namespace holdfast::app
