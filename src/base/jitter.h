// SPDX-License-Identifier: Apache-2.0
// Chance, so that clients who were sent away together do not come back together. Not for secrets.
#pragma once

#include <cstdint>

namespace holdfast::base {

/// 0 to `bound` - 1, each as likely. Any thread.
std::uint32_t random_below(std::uint32_t bound);

/// The seconds of a Retry-After: 1 to `most`.
inline std::uint32_t retry_after_s(std::uint32_t most) {
  return 1 + random_below(most);
}

}  // namespace holdfast::base
