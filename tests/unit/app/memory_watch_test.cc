// SPDX-License-Identifier: Apache-2.0
#include "app/memory_watch.h"

#include <gtest/gtest.h>

namespace holdfast::app {
namespace {

struct Machine {
  MemoryWatch::System system() {
    return {[this] { return used + kept; },
            [this] {
              kept = 0;
              ++trims;
            }};
  }
  std::int64_t used = 0;
  std::int64_t kept = 0;  // free, but not given back yet
  int trims = 0;
};

class MemoryWatchTest : public ::testing::Test {
 protected:
  MemoryWatchTest() { load.memory_max_bytes = 1000; }
  std::uint64_t look() { return watch.look(now += 250); }

  Machine machine;
  base::Load load;
  MemoryWatch watch{load, machine.system()};
  base::Millis now = 100000;
};

TEST_F(MemoryWatchTest, BelowTheLimitNothingIsDone) {
  machine.used = 900;
  machine.kept = 100;
  EXPECT_EQ(look(), 0u);
  EXPECT_FALSE(load.shedding);
  EXPECT_EQ(machine.trims, 0);
  EXPECT_EQ(load.memory_bytes.load(), 1000);
}

TEST_F(MemoryWatchTest, WhatIsOnlyKeptIsGivenBackFirst) {
  machine.used = 900;
  machine.kept = 500;
  EXPECT_EQ(look(), 0u);
  EXPECT_EQ(machine.trims, 1);
  EXPECT_FALSE(load.shedding);
  EXPECT_EQ(load.memory_bytes.load(), 900);
}

TEST_F(MemoryWatchTest, OverTheLimitTheExcessIsToGo) {
  machine.used = 1300;
  EXPECT_EQ(look(), 300u);
  EXPECT_TRUE(load.shedding);
  // What has been closed shows when it has been given back, once a second.
  machine.kept = 200;
  machine.used = 1100;
  EXPECT_EQ(look(), 0u);
  EXPECT_EQ(look(), 0u);
  EXPECT_EQ(look(), 0u);
  EXPECT_EQ(machine.trims, 1);
  EXPECT_EQ(look(), 100u);
  EXPECT_EQ(machine.trims, 2);
  EXPECT_TRUE(load.shedding);
}

TEST_F(MemoryWatchTest, NormalAgainOnlyWellBelow) {
  machine.used = 1001;
  EXPECT_EQ(look(), 1u);
  machine.used = 951;
  for (int i = 0; i < 8; ++i) EXPECT_EQ(look(), 0u);
  EXPECT_TRUE(load.shedding);
  machine.used = 949;
  EXPECT_EQ(look(), 0u);
  EXPECT_FALSE(load.shedding);
}

TEST_F(MemoryWatchTest, WhatWasGivenFreeMeanwhileIsGivenBackBeforeItCounts) {
  machine.used = 1200;
  EXPECT_EQ(look(), 200u);
  machine.used = 100;
  machine.kept = 880;  // between the marks, and for ever if nobody trimmed
  for (int i = 0; i < 4; ++i) look();
  EXPECT_FALSE(load.shedding);
}

TEST_F(MemoryWatchTest, WhatCannotBeMeasuredChangesNothing) {
  EXPECT_EQ(look(), 0u);
  EXPECT_FALSE(load.shedding);
  machine.used = 2000;
  look();
  machine.used = 0;
  EXPECT_EQ(look(), 0u);
  EXPECT_TRUE(load.shedding);
}

TEST_F(MemoryWatchTest, WithoutALimit) {
  machine.used = 5000;
  look();
  EXPECT_TRUE(load.shedding);
  load.memory_max_bytes = 0;
  EXPECT_EQ(look(), 0u);
  EXPECT_FALSE(load.shedding);
}

TEST(ParseStatm, TheSecondNumberInPages) {
  EXPECT_EQ(parse_statm("5000 120 80 1 0 90 0\n", 4096), 120 * 4096);
  EXPECT_EQ(parse_statm("5000 120", 4096), 120 * 4096);
}

TEST(ParseStatm, SomethingElseIsNothing) {
  for (const char* text : {"", "5000", "5000 x 80", "5000  80"}) EXPECT_EQ(parse_statm(text, 4096), 0) << text;
}

TEST(MemoryWatchProcess, MeasuresUs) {
  auto system = MemoryWatch::process();
  EXPECT_GT(system.resident_bytes(), 1000000);
  system.trim();
}

}  // namespace
}  // namespace holdfast::app
