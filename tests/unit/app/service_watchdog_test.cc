// SPDX-License-Identifier: Apache-2.0
// When the service manager is told that all is well.
#include "app/service_watchdog.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace holdfast::app {
namespace {

TEST(WatchdogRule, ALoopThatTurnedLatelyIsAlive) {
  WatchdogRule rule(30000);
  EXPECT_TRUE(rule.is_alive(100000, 100000));
  EXPECT_TRUE(rule.is_alive(100100, 100000));  // it turned between the two looks at the clock
  EXPECT_TRUE(rule.is_alive(95000, 100000));
  EXPECT_FALSE(rule.is_alive(94999, 100000));
}

TEST(WatchdogRule, AShortTimeoutMakesItStricter) {
  WatchdogRule rule(2000);
  EXPECT_TRUE(rule.is_alive(99000, 100000));
  EXPECT_FALSE(rule.is_alive(98999, 100000));
}

TEST(WatchdogRule, LooksAtHalfTimeAndMoreOftenWhenALoopIsStuck) {
  WatchdogRule rule(30000);
  EXPECT_EQ(rule.next_look_ms(true), 15000);
  EXPECT_EQ(rule.next_look_ms(false), 1500);
  EXPECT_EQ(WatchdogRule(1).next_look_ms(true), 1);
  EXPECT_EQ(WatchdogRule(1).next_look_ms(false), 1);
}

/// A loop that stops for good, looked at as the rule says: how long after its last turn the manager's patience ends.
base::Millis killed_after(base::Millis timeout_ms, base::Millis stuck_since) {
  WatchdogRule rule(timeout_ms);
  base::Millis now = 0, told = 0;
  while (now - told < timeout_ms) {
    auto oldest = std::min(now, stuck_since);
    bool alive = rule.is_alive(oldest, now);
    if (alive) told = now;
    now += rule.next_look_ms(alive);
  }
  return told + timeout_ms - stuck_since;
}

TEST(WatchdogRule, AStuckLoopEndsTheProcessInBoundedTime) {
  for (base::Millis timeout : {1000, 2000, 10000, 30000, 60000}) {
    for (base::Millis since = 0; since < timeout; since += timeout / 50) {
      auto after = killed_after(timeout, since);
      EXPECT_GE(after, timeout / 2) << timeout << " " << since;  // a hiccup is forgiven
      EXPECT_LE(after, timeout * 3 / 2) << timeout << " " << since;
    }
  }
}

}  // namespace
}  // namespace holdfast::app
