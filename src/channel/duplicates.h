// SPDX-License-Identifier: Apache-2.0
// Remembers which ids have been seen on which channels, for a while (SEQ-1).
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>

#include <boost/unordered/unordered_flat_set.hpp>

#include "base/clock.h"

namespace holdfast::channel {

/// Exact, not probabilistic: a message is never lost to a collision. Bounded by time and by number, the oldest going
/// first. Not thread-safe.
class DuplicateFilter {
 public:
  DuplicateFilter(base::Millis ttl_ms, std::size_t most) : ttl_ms_(ttl_ms), most_(most) {}

  /// True when the pair has been admitted less than the time to live ago; a duplicate does not renew that time.
  bool seen(std::string_view channel, std::string_view id, base::Millis now);

  /// What has been seen keeps its time.
  void set_limits(base::Millis ttl_ms, std::size_t most) {
    ttl_ms_ = ttl_ms;
    most_ = most;
  }

  std::size_t size() const { return order_.size(); }

 private:
  struct Entry {
    base::Millis expires;
    std::string key;
  };
  void forget_oldest();

  base::Millis ttl_ms_;
  std::size_t most_;
  std::deque<Entry> order_;  // entries do not move in a deque that only grows and shrinks at its ends
  boost::unordered_flat_set<std::string_view> keys_;
};

}  // namespace holdfast::channel
