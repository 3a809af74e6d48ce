// SPDX-License-Identifier: Apache-2.0
#include "channel/duplicates.h"

#include <string>

#include <gtest/gtest.h>

namespace holdfast::channel {
namespace {

TEST(DuplicateFilter, TellsAPairSeenBefore) {
  DuplicateFilter filter(1000, 100);
  EXPECT_FALSE(filter.seen("a", "1", 0));
  EXPECT_TRUE(filter.seen("a", "1", 0));
  EXPECT_FALSE(filter.seen("a", "2", 0));
  EXPECT_FALSE(filter.seen("b", "1", 0));
  EXPECT_TRUE(filter.seen("b", "1", 999));
  EXPECT_EQ(filter.size(), 3u);
}

TEST(DuplicateFilter, PairsThatReadTheSameAreKeptApart) {
  DuplicateFilter filter(1000, 100);
  EXPECT_FALSE(filter.seen("ab", "c", 0));
  EXPECT_FALSE(filter.seen("a", "bc", 0));
  EXPECT_FALSE(filter.seen("", "abc", 0));
  EXPECT_FALSE(filter.seen("abc", "", 0));
  EXPECT_FALSE(filter.seen("1:a", "x", 0));
  EXPECT_FALSE(filter.seen("a", "ax", 0));
}

TEST(DuplicateFilter, ForgetsAfterItsTime) {
  DuplicateFilter filter(1000, 100);
  EXPECT_FALSE(filter.seen("a", "1", 500));
  EXPECT_TRUE(filter.seen("a", "1", 1499));
  EXPECT_FALSE(filter.seen("a", "1", 1500)) << "a duplicate does not renew the time";
  EXPECT_TRUE(filter.seen("a", "1", 2499));
  EXPECT_EQ(filter.size(), 1u);
}

TEST(DuplicateFilter, TheOldestGoesFirst) {
  DuplicateFilter filter(1000000, 3);
  for (auto id : {"1", "2", "3"}) EXPECT_FALSE(filter.seen("a", id, 0));
  EXPECT_TRUE(filter.seen("a", "1", 0));
  EXPECT_FALSE(filter.seen("a", "4", 0));
  EXPECT_EQ(filter.size(), 3u);
  EXPECT_TRUE(filter.seen("a", "2", 0));
  EXPECT_TRUE(filter.seen("a", "3", 0));
  EXPECT_TRUE(filter.seen("a", "4", 0));
  EXPECT_FALSE(filter.seen("a", "1", 0));
}

TEST(DuplicateFilter, NoTimeMeansNoFilter) {
  DuplicateFilter filter(0, 100);
  EXPECT_FALSE(filter.seen("a", "1", 0));
  EXPECT_FALSE(filter.seen("a", "1", 0));
  EXPECT_EQ(filter.size(), 0u);
}

TEST(DuplicateFilter, StaysWithinItsBounds) {
  DuplicateFilter filter(1000, 100);
  for (int i = 0; i < 10000; ++i) {
    // Long and short ids: those that stand inside their object, and those that do not.
    auto id = std::to_string(i) + std::string(i % 2 ? 40 : 0, 'x');
    ASSERT_FALSE(filter.seen("a", id, i));
    ASSERT_TRUE(filter.seen("a", id, i));
    ASSERT_LE(filter.size(), 100u);
  }
  EXPECT_FALSE(filter.seen("b", "1", 100000));
  EXPECT_EQ(filter.size(), 1u) << "all others have expired";
}

}  // namespace
}  // namespace holdfast::channel
