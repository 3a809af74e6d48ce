// SPDX-License-Identifier: Apache-2.0
// What one core counts and measures: written by its thread alone, read by anybody. What it is called in /metrics:
// admin/metric_families.cc.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/histogram.h"

namespace holdfast::base {

enum class Counter : std::size_t {
  clients_accepted,
  clients_refused,              ///< over server.max_connections
  clients_refused_memory,       ///< by server.memory_max_bytes
  clients_refused_descriptors,  ///< there was none left to serve them with
  accept_failures,              ///< each time that the kernel had no descriptor or memory for a client
  clients_vanished,             ///< closed by server.tcp_user_timeout_ms or tcp_keepalive_s
  handshakes_failed,
  handshakes_delayed,  ///< by tls.handshakes_max
  requests,
  requests_refused,          ///< 4xx of the front: malformed or over a limit
  requests_refused_waiting,  ///< by proxy.waiting_requests_max
  requests_refused_memory,   ///< by server.memory_max_bytes
  origin_requests,
  origin_retries,
  origin_failures,
  origin_waits,          ///< for proxy.origin_connections_max, or for a descriptor
  origin_wait_timeouts,  ///< those that got none in time
  instructs_refused,     ///< bad, or over proxy.instruct_max_bytes
  holds_stream,
  holds_response,
  channels_over_limit,  ///< cut by grip.connection_subscription_max
  published,            ///< items that got their place
  duplicates,           ///< items dropped as seen before
  items_expired,        ///< went without their predecessor after grip.message_wait_ms
  items_overflowed,     ///< likewise by grip.message_wait_max
  deliveries,
  slow_clients_closed,
  slow_clients_dropped,  ///< messages that a slow client did not get
  slow_clients_shed,     ///< closed because of server.memory_max_bytes
  rate_limited,          ///< deliveries refused by grip.message_hwm
  bad_input,             ///< ZeroMQ frames that were dropped
  publishes_refused,     ///< by control.backlog_max_bytes
  unauthorized,          ///< control and admin requests without a good credential
  access_lines_lost,
  bytes_received,  ///< from clients, as the socket gave them
  bytes_sent,      ///< to clients, heads and framing included
  origin_2xx,      ///< responses of origins, by class; in the order of the classes
  origin_3xx,
  origin_4xx,
  origin_5xx,
  origin_failed_dns,  ///< in the order of origin::Stage
  origin_failed_connect,
  origin_failed_tls,
  origin_failed_write,
  origin_failed_header,
  origin_failed_body,
  origin_timeouts,  ///< those of the failures that were a lack of progress
  count_
};

inline constexpr std::array<std::string_view, static_cast<std::size_t>(Counter::count_)> kCounterNames = {
    "clients_accepted",
    "clients_refused",
    "clients_refused_memory",
    "clients_refused_descriptors",
    "accept_failures",
    "clients_vanished",
    "handshakes_failed",
    "handshakes_delayed",
    "requests",
    "requests_refused",
    "requests_refused_waiting",
    "requests_refused_memory",
    "origin_requests",
    "origin_retries",
    "origin_failures",
    "origin_waits",
    "origin_wait_timeouts",
    "instructs_refused",
    "holds_stream",
    "holds_response",
    "channels_over_limit",
    "published",
    "duplicates",
    "items_expired",
    "items_overflowed",
    "deliveries",
    "slow_clients_closed",
    "slow_clients_dropped",
    "slow_clients_shed",
    "rate_limited",
    "bad_input",
    "publishes_refused",
    "unauthorized",
    "access_lines_lost",
    "bytes_received",
    "bytes_sent",
    "origin_2xx",
    "origin_3xx",
    "origin_4xx",
    "origin_5xx",
    "origin_failed_dns",
    "origin_failed_connect",
    "origin_failed_tls",
    "origin_failed_write",
    "origin_failed_header",
    "origin_failed_body",
    "origin_timeouts"};

/// What there is now.
enum class Gauge : std::size_t {
  holds_stream,
  holds_response,
  subscriptions_stream,
  subscriptions_response,
  channels,
  send_queue_bytes,  ///< waiting for clients that are slower than we are
  count_
};

/// What is measured, in microseconds.
enum class Timing : std::size_t {
  turn,              ///< of the event loop
  publish_to_write,  ///< from a message's place in the order to its last write on this core
  origin_response,   ///< from a request's first byte out to the response's head
  count_
};

/// About 1 kB for each core; an increment is a load and a store, no bus lock.
class Counters {
 public:
  void add(Counter counter, std::uint64_t n = 1) {
    auto& value = values_[static_cast<std::size_t>(counter)];
    value.store(value.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  std::uint64_t get(Counter counter) const {
    return values_[static_cast<std::size_t>(counter)].load(std::memory_order_relaxed);
  }

  void adjust(Gauge gauge, std::int64_t by) {
    auto& value = gauges_[static_cast<std::size_t>(gauge)];
    value.store(value.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
  }
  std::int64_t get(Gauge gauge) const {
    return gauges_[static_cast<std::size_t>(gauge)].load(std::memory_order_relaxed);
  }

  void observe(Timing timing, std::int64_t microseconds) {
    histograms_[static_cast<std::size_t>(timing)].observe(microseconds);
  }
  const Histogram& get(Timing timing) const { return histograms_[static_cast<std::size_t>(timing)]; }

 private:
  std::array<std::atomic<std::uint64_t>, static_cast<std::size_t>(Counter::count_)> values_{};
  std::array<std::atomic<std::int64_t>, static_cast<std::size_t>(Gauge::count_)> gauges_{};
  std::array<Histogram, static_cast<std::size_t>(Timing::count_)> histograms_{};
};

}  // namespace holdfast::base
