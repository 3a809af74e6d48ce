// SPDX-License-Identifier: Apache-2.0
// How long something took, in fixed buckets: written by one thread alone, read by anybody.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace holdfast::base {

/// Each bound is twice the one before, so any duration lands in its bucket by the number of its bits. Observing is a
/// few loads and stores, no bus lock. About 190 bytes.
class Histogram {
 public:
  static constexpr int kFirstBit = 4;  ///< 16 µs: shorter does not matter to anybody
  static constexpr int kLastBit = 24;  ///< 16.8 s
  static constexpr std::size_t kBounds = kLastBit - kFirstBit + 1;

  /// In microseconds; durations up to it, itself included, are in bucket `i`. Bucket kBounds holds what is longer.
  static constexpr std::uint64_t bound_us(std::size_t i) { return std::uint64_t{1} << (kFirstBit + i); }

  void observe(std::int64_t microseconds) {
    auto value = static_cast<std::uint64_t>(std::max<std::int64_t>(microseconds, 0));
    auto bit = value > 1 ? static_cast<int>(std::bit_width(value - 1)) : 0;  // the smallest whose bound holds it
    add(buckets_[static_cast<std::size_t>(std::clamp(bit, kFirstBit, kLastBit + 1) - kFirstBit)], 1);
    add(sum_us_, value);
  }

  /// Not cumulative.
  std::uint64_t bucket(std::size_t i) const { return buckets_[i].load(std::memory_order_relaxed); }
  std::uint64_t sum_us() const { return sum_us_.load(std::memory_order_relaxed); }

 private:
  static void add(std::atomic<std::uint64_t>& value, std::uint64_t n) {
    value.store(value.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }

  std::array<std::atomic<std::uint64_t>, kBounds + 1> buckets_{};
  std::atomic<std::uint64_t> sum_us_{0};
};

}  // namespace holdfast::base
