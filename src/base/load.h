// SPDX-License-Identifier: Apache-2.0
// What the process may run out of. One for all cores; every member is an atomic of its own, and nobody waits for it.
#pragma once

#include <atomic>
#include <cstdint>

namespace holdfast::base {

/// How many of something there are at once, and how many there may be. Any thread.
struct Quota {
  explicit Quota(std::uint64_t most = 0) : limit(most) {}

  /// Takes a place; false when there is none left. Never more are given out than there are, whoever asks at once.
  bool take() {
    auto most = limit.load(std::memory_order_relaxed);
    if (now.fetch_add(1, std::memory_order_relaxed) < most || most == 0) return true;
    give_back();
    return false;
  }
  void give_back() { now.fetch_sub(1, std::memory_order_relaxed); }

  std::atomic<std::uint64_t> now{0};
  std::atomic<std::uint64_t> limit;  ///< 0: none. A lower one turns away who comes, and nobody who is there
};

struct Load {
  /// Requests whose origin has not answered with a header yet: proxy.waiting_requests_max.
  Quota waiting_requests;

  std::atomic<std::int64_t> memory_max_bytes{0};  ///< server.memory_max_bytes; 0: none
  std::atomic<std::int64_t> memory_bytes{0};      ///< resident, as measured last; 0: nobody measures
  /// Over server.memory_max_bytes: no new clients, no new requests. Then the daemon is not ready.
  std::atomic<bool> shedding{false};
};

}  // namespace holdfast::base
