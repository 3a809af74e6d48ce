// SPDX-License-Identifier: Apache-2.0
// What the daemon tells the service manager that started it, by the protocol of sd_notify(3): datagrams of NAME=VALUE
// lines to a unix socket. Without a service manager all of it does nothing.
#pragma once

#include <string>
#include <string_view>

#include <holdfast/result.h>

#include "base/clock.h"

namespace holdfast::app {

/// The texts of the protocol. A status is for people; only its first line is sent.
std::string encode_ready(std::string_view status);
/// The manager waits for the next ready. `now_us` is of CLOCK_MONOTONIC: it tells this reload from the one before.
std::string encode_reloading(std::int64_t now_us);
/// `within_ms`: how long the stop may take; the manager's own limit (TimeoutStopSec) is extended to it.
std::string encode_stopping(std::string_view status, base::Millis within_ms);

/// What NOTIFY_SOCKET names, as bytes of sockaddr_un::sun_path: a path, or @NAME for an abstract socket, which begins
/// with a NUL there. Refused: other kinds, and what is too long.
Result<std::string> parse_notify_address(std::string_view text);

/// Milliseconds after which the manager gives up on us: WATCHDOG_USEC, if WATCHDOG_PID is absent or ours. 0: never.
base::Millis parse_watchdog(const char* usec, const char* pid, std::int64_t own_pid);

/// The main thread's.
class ServiceNotify {
 public:
  /// From the environment, out of which it is taken: children are not to speak for us. Before the first thread.
  ServiceNotify();
  ~ServiceNotify();
  ServiceNotify(const ServiceNotify&) = delete;
  ServiceNotify& operator=(const ServiceNotify&) = delete;

  void ready(std::string_view status) { send(encode_ready(status)); }
  void reloading();
  void stopping(std::string_view status, base::Millis within_ms) { send(encode_stopping(status, within_ms)); }
  void alive() { send("WATCHDOG=1"); }
  /// 0: nobody watches.
  base::Millis watchdog_ms() const { return socket_ < 0 ? 0 : watchdog_ms_; }

 private:
  void open(const char* address);
  void send(std::string_view text);

  int socket_ = -1;
  base::Millis watchdog_ms_ = 0;
};

}  // namespace holdfast::app
