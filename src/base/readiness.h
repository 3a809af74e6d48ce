// SPDX-License-Identifier: Apache-2.0
// Why the daemon should not be given clients just now, if there is a reason: what /readyz says.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace holdfast::base {

enum class NotReady : std::uint8_t {
  starting,  ///< not everything listens yet
  draining,  ///< told to stop
  shedding,  ///< over a limit of memory or of clients: new ones are refused
};
inline constexpr std::array<std::string_view, 3> kNotReadyNames = {"starting", "draining", "shedding"};

/// One for the process; any thread. Begins as `starting`.
class Readiness {
 public:
  void set(NotReady reason) { reasons_.fetch_or(bit(reason), std::memory_order_relaxed); }
  void clear(NotReady reason) { reasons_.fetch_and(~bit(reason), std::memory_order_relaxed); }

  bool is_ready() const { return reasons_.load(std::memory_order_relaxed) == 0; }
  std::vector<std::string_view> reasons() const {
    auto set = reasons_.load(std::memory_order_relaxed);
    std::vector<std::string_view> names;
    for (std::size_t i = 0; i < kNotReadyNames.size(); ++i) {
      if (set >> i & 1) names.push_back(kNotReadyNames[i]);
    }
    return names;
  }

 private:
  static std::uint32_t bit(NotReady reason) { return std::uint32_t{1} << static_cast<unsigned>(reason); }

  std::atomic<std::uint32_t> reasons_{bit(NotReady::starting)};
};

}  // namespace holdfast::base
