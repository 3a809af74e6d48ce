// SPDX-License-Identifier: Apache-2.0
#include "base/histogram.h"

#include <gtest/gtest.h>

namespace holdfast::base {
namespace {

std::uint64_t count(const Histogram& histogram) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i <= Histogram::kBounds; ++i) sum += histogram.bucket(i);
  return sum;
}

TEST(Histogram, ABoundIsInItsOwnBucket) {
  for (std::size_t i = 0; i < Histogram::kBounds; ++i) {
    Histogram histogram;
    auto bound = static_cast<std::int64_t>(Histogram::bound_us(i));
    histogram.observe(bound);
    EXPECT_EQ(histogram.bucket(i), 1u) << bound;
    histogram.observe(bound + 1);
    EXPECT_EQ(histogram.bucket(i + 1), 1u) << bound;
    EXPECT_EQ(histogram.sum_us(), Histogram::bound_us(i) * 2 + 1);
  }
}

TEST(Histogram, EndsOfTheRange) {
  EXPECT_EQ(Histogram::bound_us(0), 16u);
  EXPECT_EQ(Histogram::bound_us(Histogram::kBounds - 1), 16777216u);
  Histogram histogram;
  for (std::int64_t value : {INT64_MIN, std::int64_t{-1}, std::int64_t{0}, std::int64_t{1}, std::int64_t{2}}) {
    histogram.observe(value);
  }
  EXPECT_EQ(histogram.bucket(0), 5u);
  EXPECT_EQ(histogram.sum_us(), 3u) << "a clock that seems to go back adds nothing";
  histogram.observe(INT64_MAX);
  EXPECT_EQ(histogram.bucket(Histogram::kBounds), 1u);
  EXPECT_EQ(count(histogram), 6u);
}

}  // namespace
}  // namespace holdfast::base
