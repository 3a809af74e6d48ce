// SPDX-License-Identifier: Apache-2.0
#include "app/service_watchdog.h"

#include <chrono>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/log.h"

namespace holdfast::app {

struct ServiceWatchdog::Timer {
  boost::asio::steady_timer timer;
};

ServiceWatchdog::ServiceWatchdog(boost::asio::io_context& io, ServiceNotify& service,
                                 std::function<base::Millis()> oldest_turn)
    : service_(service),
      oldest_turn_(std::move(oldest_turn)),
      rule_(service.watchdog_ms()),
      timer_(std::make_unique<Timer>(Timer{boost::asio::steady_timer(io)})) {
  if (service_.watchdog_ms() > 0) look();
}

ServiceWatchdog::~ServiceWatchdog() = default;

void ServiceWatchdog::look() {
  auto oldest = oldest_turn_(), now = base::steady_ms();
  bool alive = rule_.is_alive(oldest, now);
  if (alive) service_.alive();
  if (!alive && was_alive_) {
    base::log_error(
        "an event loop has been stuck for {} ms; the service manager is not told that all is well until it "
        "goes on",
        now - oldest);
  }
  was_alive_ = alive;
  timer_->timer.expires_after(std::chrono::milliseconds(rule_.next_look_ms(alive)));
  timer_->timer.async_wait([this](const boost::system::error_code& error) {
    if (!error) look();
  });
}

}  // namespace holdfast::app
