// SPDX-License-Identifier: Apache-2.0
// Counters of one core: written by its thread alone, read by anybody.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace holdfast::base {

enum class Counter : std::size_t {
  clients_accepted,
  clients_refused,  ///< over server.max_connections
  handshakes_failed,
  handshakes_delayed,  ///< by tls.handshakes_max
  requests,
  requests_refused,  ///< 4xx of the front: malformed or over a limit
  origin_requests,
  origin_retries,
  origin_failures,
  holds_stream,
  holds_response,
  channels_over_limit,  ///< cut by grip.connection_subscription_max
  published,            ///< items that got their place
  duplicates,           ///< items dropped as seen before
  deliveries,
  slow_clients_closed,
  slow_clients_dropped,  ///< messages that a slow client did not get
  rate_limited,          ///< deliveries refused by grip.message_hwm
  bad_input,             ///< ZeroMQ frames that were dropped
  publishes_refused,     ///< by control.backlog_max_bytes
  unauthorized,          ///< control requests without a good credential
  access_lines_lost,
  count_
};

inline constexpr std::array<std::string_view, static_cast<std::size_t>(Counter::count_)> kCounterNames = {
    "clients_accepted",    "clients_refused",      "handshakes_failed", "handshakes_delayed", "requests",
    "requests_refused",    "origin_requests",      "origin_retries",    "origin_failures",    "holds_stream",
    "holds_response",      "channels_over_limit",  "published",         "duplicates",         "deliveries",
    "slow_clients_closed", "slow_clients_dropped", "rate_limited",      "bad_input",          "publishes_refused",
    "unauthorized",        "access_lines_lost"};

/// About 150 bytes for each core; an increment is a load and a store, no bus lock.
class Counters {
 public:
  void add(Counter counter, std::uint64_t n = 1) {
    auto& value = values_[static_cast<std::size_t>(counter)];
    value.store(value.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  std::uint64_t get(Counter counter) const {
    return values_[static_cast<std::size_t>(counter)].load(std::memory_order_relaxed);
  }

 private:
  std::array<std::atomic<std::uint64_t>, static_cast<std::size_t>(Counter::count_)> values_{};
};

}  // namespace holdfast::base
