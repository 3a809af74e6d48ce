// SPDX-License-Identifier: Apache-2.0
// Drives a core from a test, turn by turn, on the test's own thread.
#pragma once

#include <chrono>

#include <gtest/gtest.h>
#include <poll.h>

#include "net/core.h"

namespace holdfast::test {

/// How long a test waits for something that other threads or the network stack must do before it fails.
inline constexpr std::chrono::seconds kPatience{30};

inline bool has_events(net::Core& core, int wait_ms) {
  pollfd set{core.poller().fd(), POLLIN, 0};
  return ::poll(&set, 1, wait_ms) > 0;
}

/// Runs turns until nothing is left to be done at once.
inline void settle(net::Core& core) {
  for (int turns = 0; turns < 100000; ++turns) {
    bool more = core.run_one_turn();
    if (!more && !has_events(core, 0)) return;
  }
  ADD_FAILURE() << "the core does not come to rest";
}

/// Runs turns until the condition holds.
template <class Condition>
bool run_until(net::Core& core, Condition condition) {
  auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (std::chrono::steady_clock::now() < deadline) {
    if (condition()) return true;
    bool more = core.run_one_turn();
    if (condition()) return true;
    if (!more) has_events(core, 1);
  }
  return false;
}

/// From now on the core's time is the test's own, and stands still.
inline void stop_clock(net::Core& core) {
  core.set_time(core.now());
}

/// So much time goes by; what is due happens.
inline void pass_time(net::Core& core, base::Millis ms) {
  core.set_time(core.now() + ms);
  settle(core);
}

}  // namespace holdfast::test
