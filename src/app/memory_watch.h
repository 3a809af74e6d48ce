// SPDX-License-Identifier: Apache-2.0
// server.memory_max_bytes: measures what the process has, and says when clients must be turned away.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/clock.h"
#include "base/load.h"

namespace holdfast::app {

/// Resident bytes from the text of /proc/self/statm; 0 when it is something else.
std::int64_t parse_statm(const std::string& text, std::int64_t page_bytes);

/// Decides by measurements that somebody else makes, a few times a second. Thread: the daemon's main one.
///
///   normal ──over the limit, even after freed memory was returned──> shedding ──below 95 % of it──> normal
class MemoryWatch {
 public:
  struct System {
    std::function<std::int64_t()> resident_bytes;
    /// Gives back to the system what is free but kept.
    std::function<void()> trim;
  };
  /// The process itself.
  static System process();

  MemoryWatch(base::Load& load, System system) : load_(load), system_(std::move(system)) {}

  /// Measures. Returns the bytes that slow clients' queues should be rid of, 0 for most of the time. While there is
  /// something to be returned to the system, that is done at most once a second: it stops whoever allocates.
  std::uint64_t look(base::Millis now);

 private:
  static constexpr base::Millis kTrimMs = 1000;

  base::Load& load_;
  System system_;
  base::Millis next_trim_ = 0;
};

}  // namespace holdfast::app
