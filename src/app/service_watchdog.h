// SPDX-License-Identifier: Apache-2.0
// Tells the service manager that the daemon is alive, as long as every event loop is: a loop that is stuck holds
// clients that nobody serves, and only a restart helps them.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>

#include "app/service_notify.h"
#include "base/clock.h"

namespace boost::asio {
class io_context;
}

namespace holdfast::app {

/// When to look at the loops, and what counts as alive.
class WatchdogRule {
 public:
  explicit WatchdogRule(base::Millis timeout_ms) : timeout_ms_(timeout_ms) {}

  /// Whether the loop that turned longest ago is still alive. A turn takes milliseconds, and each loop has ten a second
  /// at least; five seconds are what /livez grants, too.
  bool is_alive(base::Millis oldest_turn, base::Millis now) const {
    return now - oldest_turn <= std::min<base::Millis>(5000, timeout_ms_ / 2);
  }
  /// Half of the time when all is well, as sd_watchdog_enabled(3) wants it. Sooner otherwise, so that a loop which goes
  /// on just in time saves its clients.
  base::Millis next_look_ms(bool alive) const {
    return std::max<base::Millis>(alive ? timeout_ms_ / 2 : timeout_ms_ / 20, 1);
  }

 private:
  base::Millis timeout_ms_;
};

/// Looks from when it is made, on the loop of `io`, to its end. Does nothing when nobody watches.
class ServiceWatchdog {
 public:
  /// `oldest_turn`: the smallest Core::last_turn() of all cores.
  ServiceWatchdog(boost::asio::io_context& io, ServiceNotify& service, std::function<base::Millis()> oldest_turn);
  ~ServiceWatchdog();

 private:
  void look();

  struct Timer;  // Asio's, kept out of this header
  ServiceNotify& service_;
  std::function<base::Millis()> oldest_turn_;
  WatchdogRule rule_;
  std::unique_ptr<Timer> timer_;
  bool was_alive_ = true;
};

}  // namespace holdfast::app
