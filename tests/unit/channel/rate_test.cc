// SPDX-License-Identifier: Apache-2.0
#include "channel/rate.h"

#include <atomic>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "channel/hub.h"
#include "channel/table.h"
#include "support/core_turns.h"
#include "support/messages.h"
#include "support/recorder.h"

namespace holdfast::channel {
namespace {

using test::Recorder;
using test::stream_message;
using Texts = std::vector<std::string>;
constexpr auto kTick = RateBudget::kTickMs;
constexpr base::Millis kStart = 1000000;  // the beginning of a second and of a tick

TEST(RateBudget, ASecondOfTicksGivesTheRate) {
  for (std::int64_t rate : {1, 3, 39, 40, 41, 100, 2500, 1000000}) {
    RateBudget budget(rate, 0);
    budget.take(kStart - kTick, rate);
    std::int64_t sum = 0;
    std::int64_t most = 0;
    for (base::Millis now = kStart; now < kStart + 1000; now += 5) {
      auto taken = budget.take(now, rate);
      sum += taken;
      most = std::max(most, taken);
    }
    EXPECT_EQ(sum, rate);
    EXPECT_LE(most, (rate + 39) / 40) << "spread over its ticks";
  }
}

TEST(RateBudget, HoweverSeldomItIsAskedItNeverGivesMoreThanTheRate) {
  for (std::int64_t rate : {1, 7, 40, 2500}) {
    for (base::Millis step : {7, 25, 26, 50, 51, 75, 333, 1000, 1001}) {
      RateBudget budget(rate, 0);
      budget.take(kStart - kTick, rate);
      std::int64_t sum = 0;
      for (base::Millis now = kStart; now < kStart + 10000; now += step) sum += budget.take(now, rate);
      EXPECT_LE(sum, 10 * rate + (rate + 39) / 40) << rate << ' ' << step;
      EXPECT_GE(sum, 9) << rate << ' ' << step;
    }
  }
}

TEST(RateBudget, ATickIsSharedByAllWhoTake) {
  RateBudget budget(400, 0);  // 10 a tick
  EXPECT_EQ(budget.take(kStart, 4), 4);
  EXPECT_EQ(budget.take(kStart + 24, 4), 4);
  EXPECT_EQ(budget.take(kStart, 4), 2);
  EXPECT_EQ(budget.take(kStart + 24, 4), 0);
  EXPECT_EQ(budget.take(kStart + 25, 100), 10);
  EXPECT_EQ(budget.take(kStart, 1), 0) << "a core whose clock stands behind";
}

TEST(RateBudget, ARateIsNotSavedUp) {
  RateBudget budget(400, 0);
  EXPECT_EQ(budget.take(kStart, 100), 10);
  EXPECT_EQ(budget.take(kStart + 10000, 100), 10);
  EXPECT_EQ(budget.take(kStart + 10025, 3), 3);
  EXPECT_EQ(budget.take(kStart + 10050, 100), 10);
}

TEST(RateBudget, ASlowRateStillGetsItsTurn) {
  RateBudget budget(1, 0);
  EXPECT_EQ(budget.take(kStart + 300, 5), 1);
  EXPECT_EQ(budget.take(kStart + 310, 5), 0);
}

TEST(RateBudget, TheLargestRateThatCanBeConfigured) {
  RateBudget budget(std::numeric_limits<std::int64_t>::max(), 0);
  for (base::Millis now = kStart; now < kStart + 500; now += kTick) EXPECT_EQ(budget.take(now, 256), 256);
  EXPECT_EQ(budget.take(std::int64_t{1} << 40, 256), 256) << "after 34 years";
}

TEST(RateBudget, ThreadsNeverTakeMoreThanThereIs) {
  RateBudget budget(40000, 0);  // 1000 a tick
  EXPECT_EQ(budget.take(kStart, 0), 0);
  std::atomic<std::int64_t> taken{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int k = 0; k < 1000; ++k) taken += budget.take(kStart, 3);
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(taken.load(), 1000);
}

/// A table with a rate. Time stands still, for the core's clock moves with its turns and the test runs none: a tick
/// ends where the test says so.
class RatedTable : public ::testing::Test {
 protected:
  static constexpr std::int64_t kPerTick = 5;

  RatedTable() { hub_.add_core(core_, table_); }
  void publish(const std::string& channel, const std::string& content) {
    hub_.publish({stream_message(channel, content)});
    core_.inbox().open_all();
  }
  /// Slices until the tick is used up.
  void run_tick() {
    while (table_.run_slice()) {
    }
    now_ += kTick;
    budget_.take(now_, 0);
  }
  std::unique_ptr<Recorder> recorder(const Texts& channels, const std::string& route = "") {
    auto made = std::make_unique<Recorder>(table_);
    made->set_rate_bucket(table_.rate_bucket(route));
    made->join(channels);
    return made;
  }
  std::uint64_t limited() { return core_.counters().get(base::Counter::rate_limited); }

  static constexpr std::int64_t kHwm = 8;
  Hub hub_{HubOptions{}};
  net::Core core_{0};
  RateBudget budget_{kPerTick * 40, kHwm};
  ChannelTable table_{core_, hub_, TableOptions{0}, &budget_};
  base::Millis now_ = core_.now();
};

TEST_F(RatedTable, DeliversItsRateAndNoMore) {
  auto one = recorder({"a"});
  for (int i = 0; i < 8; ++i) publish("a", std::to_string(i));
  EXPECT_TRUE(one->received.empty()) << "nothing before its turn";
  run_tick();
  EXPECT_EQ(one->received.size(), 5u);
  run_tick();
  EXPECT_EQ(one->received, (Texts{"0", "1", "2", "3", "4", "5", "6", "7"}));
  EXPECT_EQ(core_.counters().get(base::Counter::deliveries), 8u);
  EXPECT_EQ(limited(), 0u);
}

TEST_F(RatedTable, EveryReceiverCounts) {
  std::vector<std::unique_ptr<Recorder>> all;
  for (int i = 0; i < 7; ++i) all.push_back(recorder({"a"}));
  publish("a", "x");
  run_tick();
  std::size_t served = 0;
  for (const auto& one : all) served += one->received.size();
  EXPECT_EQ(served, 5u);
  run_tick();
  for (const auto& one : all) EXPECT_EQ(one->received, Texts{"x"});
}

TEST_F(RatedTable, TheOrderHoldsAcrossChannels) {
  auto one = recorder({"a", "b"});
  for (int i = 0; i < 8; ++i) publish(i % 3 ? "a" : "b", std::to_string(i));
  for (int i = 0; i < 3; ++i) run_tick();
  EXPECT_EQ(one->received, (Texts{"0", "1", "2", "3", "4", "5", "6", "7"}));
}

TEST_F(RatedTable, RoutesTakeTurns) {
  auto one = recorder({"a"}, "one");
  auto two = recorder({"b"}, "two");
  for (int i = 0; i < 8; ++i) publish("a", "x");
  for (int i = 0; i < 2; ++i) publish("b", "y");
  run_tick();
  EXPECT_EQ(one->received.size(), 3u);
  EXPECT_EQ(two->received.size(), 2u) << "does not wait for the other route's queue";
  EXPECT_NE(one->rate_bucket(), two->rate_bucket());
  EXPECT_EQ(table_.rate_bucket("one"), one->rate_bucket());
}

TEST_F(RatedTable, OverTheHighWaterMarkDeliveriesAreDropped) {
  auto one = recorder({"a"}, "one");
  auto two = recorder({"b"}, "two");
  for (int i = 0; i < 10; ++i) publish("a", std::to_string(i));
  publish("b", "another route's");
  EXPECT_EQ(limited(), 2u);
  for (int i = 0; i < 4; ++i) run_tick();
  EXPECT_EQ(one->received.size(), 8u);
  EXPECT_EQ(one->received.back(), "7") << "the newest are dropped";
  EXPECT_EQ(two->received, Texts{"another route's"});
  publish("a", "10");
  run_tick();
  EXPECT_EQ(one->received.back(), "10") << "there is room again";
  EXPECT_EQ(limited(), 2u);
}

TEST_F(RatedTable, TheHighWaterMarkIsOneForAllCores) {
  net::Core other_core{1};
  ChannelTable other_table{other_core, hub_, TableOptions{0}, &budget_};
  hub_.add_core(other_core, other_table);
  {
    auto here = recorder({"a"}, "one");
    Recorder there(other_table);
    there.set_rate_bucket(other_table.rate_bucket("one"));
    there.join({"a"});
    for (int i = 0; i < 6; ++i) publish("a", std::to_string(i));
    other_core.inbox().open_all();
    EXPECT_EQ(limited(), 0u);
    EXPECT_EQ(other_core.counters().get(base::Counter::rate_limited), 4u) << "6 wait here, 2 there: 8 is the mark";
  }
  core_.inbox().open_all();
  other_core.inbox().open_all();
}

TEST_F(RatedTable, WhatWaitsForAMemberThatLeavesCostsNothing) {
  auto one = recorder({"a"});
  auto two = recorder({"b"});
  for (int i = 0; i < 6; ++i) publish("a", "x");
  publish("b", "y");
  one->leave();
  run_tick();
  EXPECT_TRUE(one->received.empty());
  EXPECT_EQ(two->received, Texts{"y"});
}

TEST_F(RatedTable, WhatWaitsForAMemberThatLeavesTakesNoRoom) {
  auto one = recorder({"a"});
  for (int i = 0; i < 8; ++i) publish("a", "x");
  one->leave();
  auto two = recorder({"b"});
  for (int i = 0; i < 8; ++i) publish("b", std::to_string(i));
  EXPECT_EQ(limited(), 0u);
  run_tick();
  run_tick();
  EXPECT_EQ(two->received.size(), 8u);
}

TEST_F(RatedTable, WhatWaitsForNobodyIsLetGoOf) {
  auto one = recorder({"a"});
  auto two = recorder({"a"});
  for (int i = 0; i < 4; ++i) publish("a", "x");
  one->leave();
  EXPECT_GT(hub_.backlog_bytes(), 0);
  two->leave();
  EXPECT_EQ(hub_.backlog_bytes(), 0);
  EXPECT_FALSE(table_.run_slice());
}

TEST_F(RatedTable, AMemberThatComesBackDoesNotGetWhatItLeft) {
  auto one = recorder({"a"});
  auto keeps_the_queue = recorder({"b"});
  publish("a", "old");
  publish("b", "x");
  one->leave();
  one->join({"a"});
  publish("a", "new");
  run_tick();
  EXPECT_EQ(one->received, Texts{"new"});
}

TEST_F(RatedTable, AMemberMayLeaveFromItsDelivery) {
  auto one = recorder({"a"});
  auto two = recorder({"a"});
  one->on_deliver = [&] {
    one->leave();
    two->leave();
  };
  for (int i = 0; i < 4; ++i) publish("a", std::to_string(i));
  run_tick();
  EXPECT_EQ(one->received, Texts{"0"});
  EXPECT_TRUE(two->received.empty());
  EXPECT_FALSE(table_.run_slice());
}

TEST_F(RatedTable, TheClockBringsTheNextTick) {
  auto one = recorder({"a"});
  for (int i = 0; i < 8; ++i) publish("a", std::to_string(i));
  // Here the core runs: what the first tick did not allow comes by itself.
  EXPECT_TRUE(test::run_until(core_, [&] { return one->received.size() == 8; }));
}

}  // namespace
}  // namespace holdfast::channel
