// SPDX-License-Identifier: Apache-2.0
#include "base/load.h"

#include <atomic>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace holdfast::base {
namespace {

TEST(Quota, GivesOutWhatThereIs) {
  Quota quota(2);
  EXPECT_TRUE(quota.take());
  EXPECT_TRUE(quota.take());
  EXPECT_FALSE(quota.take());
  EXPECT_EQ(quota.now.load(), 2u);
  quota.give_back();
  EXPECT_TRUE(quota.take());
}

TEST(Quota, NoneIsNoLimit) {
  Quota quota;
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(quota.take());
  EXPECT_EQ(quota.now.load(), 1000u);
}

TEST(Quota, ALowerLimitTurnsAwayWhoComes) {
  Quota quota(3);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(quota.take());
  quota.limit = 1;
  quota.give_back();
  EXPECT_FALSE(quota.take());
  quota.give_back();
  EXPECT_FALSE(quota.take());
  quota.give_back();
  EXPECT_TRUE(quota.take());
}

TEST(Quota, IsNeverExceeded) {
  constexpr std::uint64_t kMost = 3;
  Quota quota(kMost);
  std::atomic<std::uint64_t> inside{0};
  std::atomic<bool> exceeded{false};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 20000; ++i) {
        if (!quota.take()) continue;
        if (inside.fetch_add(1) >= kMost) exceeded = true;
        inside.fetch_sub(1);
        quota.give_back();
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_FALSE(exceeded);
  EXPECT_EQ(quota.now.load(), 0u);
}

}  // namespace
}  // namespace holdfast::base
