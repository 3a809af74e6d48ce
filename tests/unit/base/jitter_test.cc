// SPDX-License-Identifier: Apache-2.0
#include "base/jitter.h"

#include <set>

#include <gtest/gtest.h>

namespace holdfast::base {
namespace {

TEST(Jitter, EveryNumberBelowTheBoundAndNoOther) {
  std::set<std::uint32_t> seen;
  for (int i = 0; i < 2000; ++i) seen.insert(random_below(5));
  EXPECT_EQ(seen, (std::set<std::uint32_t>{0, 1, 2, 3, 4}));
}

TEST(Jitter, WithoutAChoice) {
  EXPECT_EQ(random_below(0), 0u);
  EXPECT_EQ(random_below(1), 0u);
  EXPECT_EQ(retry_after_s(1), 1u);
}

TEST(Jitter, RetryAfterIsNeverAtOnce) {
  std::set<std::uint32_t> seen;
  for (int i = 0; i < 2000; ++i) seen.insert(retry_after_s(3));
  EXPECT_EQ(seen, (std::set<std::uint32_t>{1, 2, 3}));
}

}  // namespace
}  // namespace holdfast::base
