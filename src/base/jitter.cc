// SPDX-License-Identifier: Apache-2.0
#include "base/jitter.h"

#include <random>

namespace holdfast::base {

std::uint32_t random_below(std::uint32_t bound) {
  thread_local std::minstd_rand random{std::random_device{}()};
  return bound < 2 ? 0 : std::uniform_int_distribution<std::uint32_t>(0, bound - 1)(random);
}

}  // namespace holdfast::base
