// SPDX-License-Identifier: Apache-2.0
// Time as the program uses it: milliseconds of a clock that never jumps, seconds of the wall clock.
#pragma once

#include <chrono>
#include <cstdint>

namespace holdfast::base {

/// Milliseconds since an arbitrary start; only differences mean anything.
using Millis = std::int64_t;

inline Millis steady_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

/// The same in microseconds, to measure with.
inline std::int64_t steady_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

inline std::int64_t unix_seconds() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace holdfast::base
