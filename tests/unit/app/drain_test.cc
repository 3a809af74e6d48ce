// SPDX-License-Identifier: Apache-2.0
#include "app/drain.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace holdfast::app {
namespace {

TEST(DrainPace, SpreadsClientsEvenly) {
  DrainPace pace(5000, 10000);
  std::size_t sum = 0;
  for (base::Millis now = 0; now <= 10000; now += 100) {
    auto taken = pace.take(now);
    EXPECT_LE(taken, 100U) << "two steps' worth at most";
    sum += taken;
    auto even = static_cast<std::size_t>(now) / 2;
    EXPECT_GE(sum, even);
    EXPECT_LE(sum, even + 50);
  }
  EXPECT_EQ(sum, 5000U);
  EXPECT_EQ(pace.take(20000), 0U);
}

TEST(DrainPace, AFewAreNotKeptWaiting) {
  DrainPace pace(3, 3600000);
  std::size_t sum = 0;
  for (base::Millis now = 0; now <= 300; now += 100) sum += pace.take(now);
  EXPECT_EQ(sum, 3U);
}

TEST(DrainPace, WithoutTimeEverybodyGoesAtOnce) {
  EXPECT_EQ(DrainPace(70000, 0).take(0), 70000U);
  EXPECT_EQ(DrainPace(0, 1000).take(500), 0U);
}

TEST(DrainPace, WhoAsksLateIsToldAll) {
  DrainPace pace(1000, 1000);
  EXPECT_EQ(pace.take(5000), 1000U);
}

TEST(DrainPace, IsALittleIrregular) {
  std::size_t first = DrainPace(100000, 10000).take(5000);
  bool differs = false;
  for (int i = 0; i < 100 && !differs; ++i) differs = DrainPace(100000, 10000).take(5000) != first;
  EXPECT_TRUE(differs);
}

}  // namespace
}  // namespace holdfast::app
