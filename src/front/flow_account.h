// SPDX-License-Identifier: Apache-2.0
// Keeps a core's sums of bytes sent, and of bytes that wait for clients, right over a call that may change a socket's.
#pragma once

#include <cstdint>

#include "base/counters.h"
#include "net/socket.h"

namespace holdfast::front {

/// Compares what waits before and after. No session needs room for it. Through TLS what waits may be ciphertext, so
/// that what has been sent is a little less than what the socket sent.
class FlowAccount {
 public:
  FlowAccount(base::Counters& counters, const net::Socket& socket)
      : counters_(counters), socket_(socket), before_(waiting()) {}
  FlowAccount(const FlowAccount&) = delete;
  FlowAccount& operator=(const FlowAccount&) = delete;
  ~FlowAccount() {
    auto change = waiting() - before_;
    if (change != 0) counters_.adjust(base::Gauge::send_queue_bytes, change);
    if (given_ > change) counters_.add(base::Counter::bytes_sent, static_cast<std::uint64_t>(given_ - change));
  }

  /// So much was taken to be sent, now or later.
  void give(std::uint64_t bytes) { given_ += static_cast<std::int64_t>(bytes); }

  /// What waits is about to be thrown away.
  static void forget(base::Counters& counters, const net::Socket& socket) {
    counters.adjust(base::Gauge::send_queue_bytes, -static_cast<std::int64_t>(socket.queued_bytes()));
  }

 private:
  std::int64_t waiting() const { return static_cast<std::int64_t>(socket_.queued_bytes()); }

  base::Counters& counters_;
  const net::Socket& socket_;
  std::int64_t before_;
  std::int64_t given_ = 0;
};

}  // namespace holdfast::front
