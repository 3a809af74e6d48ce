// SPDX-License-Identifier: Apache-2.0
#include "app/drain.h"

#include <algorithm>

namespace holdfast::app {

std::size_t DrainPace::take(base::Millis elapsed_ms) {
  std::size_t due = clients_;
  if (elapsed_ms < over_ms_) {
    auto jitter = static_cast<base::Millis>(random_() % kJitterMs);
    auto now = static_cast<std::size_t>(std::min(elapsed_ms + jitter, over_ms_));
    auto even = clients_ * now / static_cast<std::size_t>(over_ms_);
    due = std::min(clients_, std::max(even, now * kLeastPerSecond / 1000));
  }
  if (due <= taken_) return 0;
  auto more = due - taken_;
  taken_ = due;
  return more;
}

}  // namespace holdfast::app
