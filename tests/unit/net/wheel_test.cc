// SPDX-License-Identifier: Apache-2.0
#include "net/wheel.h"

#include <functional>
#include <memory>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace holdfast::net {
namespace {

class TestTimer final : public Timer {
 public:
  explicit TestTimer(std::function<void()> call = [] {}) : call_(std::move(call)) {}
  int fired = 0;

 private:
  void on_deadline() override {
    ++fired;
    auto call = call_;  // it may destroy this timer
    call();
  }
  std::function<void()> call_;
};

constexpr base::Millis kStart = 12345;  // not a multiple of a tick
constexpr base::Millis kTurn = 1024 * Wheel::kTickMs;

TEST(Wheel, FiresNeverEarlyAndAtMostOneTickLate) {
  for (base::Millis after : {1, 99, 100, 101, 150, 1000, 102399, 102400, 102401, 500000}) {
    Wheel wheel(kStart);
    TestTimer timer;
    timer.set_deadline(wheel, kStart + after);
    EXPECT_TRUE(timer.has_deadline());
    base::Millis now = 0;
    while (timer.fired == 0 && now < after + 1000) wheel.advance(kStart + ++now);
    EXPECT_GE(now, after);
    EXPECT_LT(now, after + Wheel::kTickMs) << after;
    EXPECT_FALSE(timer.has_deadline());
    wheel.advance(kStart + now + 3 * kTurn);
    EXPECT_EQ(timer.fired, 1) << "once";
  }
}

TEST(Wheel, ADeadlineThatHasPassedIsMetAtTheNextTick) {
  Wheel wheel(kStart);
  wheel.advance(kStart + 1000);
  TestTimer timer;
  timer.set_deadline(wheel, kStart - 5000);
  wheel.advance(kStart + 1099);
  EXPECT_EQ(timer.fired, 0);
  wheel.advance(kStart + 1100);
  EXPECT_EQ(timer.fired, 1);
}

TEST(Wheel, TimeThatGoesBackOrStandsStillDoesNothing) {
  Wheel wheel(kStart);
  TestTimer timer;
  timer.set_deadline(wheel, kStart + 100);
  wheel.advance(kStart - 10000);
  wheel.advance(kStart);
  EXPECT_EQ(timer.fired, 0);
  wheel.advance(kStart + 100);
  wheel.advance(kStart + 50);
  EXPECT_EQ(timer.fired, 1);
}

TEST(Wheel, LaterDeadlinesReplaceEarlierOnes) {
  Wheel wheel(0);
  TestTimer timer;
  timer.set_deadline(wheel, 1000);
  timer.set_deadline(wheel, 5000);
  wheel.advance(4999);
  EXPECT_EQ(timer.fired, 0);
  wheel.advance(5000);
  EXPECT_EQ(timer.fired, 1);
}

TEST(Wheel, EarlierDeadlinesReplaceLaterOnes) {
  Wheel wheel(0);
  TestTimer timer;
  timer.set_deadline(wheel, 5000);
  timer.set_deadline(wheel, 1000);
  wheel.advance(1000);
  EXPECT_EQ(timer.fired, 1);
  wheel.advance(10000);
  EXPECT_EQ(timer.fired, 1);
}

TEST(Wheel, ClearedDeadlines) {
  Wheel wheel(0);
  TestTimer timer;
  timer.set_deadline(wheel, 1000);
  timer.clear_deadline();
  EXPECT_FALSE(timer.has_deadline());
  wheel.advance(2000);
  EXPECT_EQ(timer.fired, 0);
  timer.set_deadline(wheel, 3000);
  timer.clear_deadline();
  timer.set_deadline(wheel, 2500);
  wheel.advance(2500);
  EXPECT_EQ(timer.fired, 1);
  wheel.advance(9000);
  EXPECT_EQ(timer.fired, 1);
}

TEST(Wheel, AfterALongStallEveryDueDeadlineIsMetOnce) {
  Wheel wheel(0);
  std::vector<std::unique_ptr<TestTimer>> timers;
  for (base::Millis at = 50; at < 4 * kTurn; at += 777) {
    timers.push_back(std::make_unique<TestTimer>());
    timers.back()->set_deadline(wheel, at);
  }
  base::Millis now = 2 * kTurn + 12300;
  wheel.advance(now);
  base::Millis at = 50;
  for (const auto& timer : timers) {
    EXPECT_EQ(timer->fired, (at + 99) / 100 * 100 <= now ? 1 : 0) << at;
    at += 777;
  }
  wheel.advance(5 * kTurn);
  for (const auto& timer : timers) EXPECT_EQ(timer->fired, 1);
}

TEST(Wheel, ATimerMaySetItselfAgain) {
  Wheel wheel(0);
  base::Millis now = 0;
  TestTimer timer([&] { timer.set_deadline(wheel, now + kTurn); });  // falls into the very slot that is being run
  timer.set_deadline(wheel, 100);
  for (now = 100; now <= 100 + 3 * kTurn; now += 100) wheel.advance(now);
  EXPECT_EQ(timer.fired, 4);
}

TEST(Wheel, ATimerThatIsAlwaysDueDoesNotKeepTheWheel) {
  Wheel wheel(0);
  TestTimer timer([&] { timer.set_deadline(wheel, 0); });
  timer.set_deadline(wheel, 0);
  wheel.advance(1000);
  EXPECT_EQ(timer.fired, 1) << "again at the next tick, not in this one";
  wheel.advance(1100);
  EXPECT_EQ(timer.fired, 2);
}

TEST(Wheel, TimersMayDestroyTimersOfTheSameSlot) {
  Wheel wheel(0);
  std::vector<std::unique_ptr<TestTimer>> timers(5);
  int fired = 0;
  for (auto& timer : timers) {
    timer = std::make_unique<TestTimer>([&] {
      ++fired;
      timers[0].reset();  // perhaps the one that is firing
      timers[1].reset();
      timers[4].reset();
    });
    timer->set_deadline(wheel, 100);
  }
  wheel.advance(100);
  EXPECT_EQ(fired, 3);
  wheel.advance(2 * kTurn);
  EXPECT_EQ(fired, 3);
}

TEST(Wheel, TimersMayMoveTimersOfTheSameSlot) {
  Wheel wheel(0);
  TestTimer moved;
  TestTimer cleared;
  TestTimer first([&] {
    moved.set_deadline(wheel, 300);
    cleared.clear_deadline();
  });
  for (auto* timer : {&first, &moved, &cleared}) timer->set_deadline(wheel, 100);
  wheel.advance(100);
  EXPECT_EQ(moved.fired + cleared.fired, 0);
  wheel.advance(300);
  EXPECT_EQ(moved.fired, 1);
  wheel.advance(2 * kTurn);
  EXPECT_EQ(cleared.fired, 0);
}

TEST(Wheel, TimersMayOutliveTheirWheel) {
  TestTimer timer;
  {
    Wheel wheel(0);
    timer.set_deadline(wheel, 100);
  }
  Wheel other(0);
  timer.clear_deadline();
  timer.set_deadline(other, 100);
  other.advance(100);
  EXPECT_EQ(timer.fired, 1);
}

// Any mixture of calls, against a model that looks at every timer at every tick.
TEST(Wheel, AgreesWithASimpleModel) {
  struct Modelled {
    std::unique_ptr<TestTimer> timer = std::make_unique<TestTimer>();
    base::Millis due = -1;
    int fired = 0;
  };
  std::minstd_rand random(7);
  Wheel wheel(0);
  std::vector<Modelled> timers(50);
  base::Millis now = 0;
  for (int step = 0; step < 20000; ++step) {
    auto& one = timers[random() % timers.size()];
    switch (random() % 5) {
      case 0:
      case 1: {
        auto at = now + static_cast<base::Millis>(random() % (random() % 4 ? 3000 : 250000));
        one.timer->set_deadline(wheel, at);
        one.due = std::max((at + 99) / 100, now / 100 + 1);
        break;
      }
      case 2:
        one.timer->clear_deadline();
        one.due = -1;
        break;
      default: {
        now += static_cast<base::Millis>(random() % (random() % 50 ? 300 : 150000));
        wheel.advance(now);
        for (auto& timer : timers) {
          if (timer.due >= 0 && timer.due <= now / 100) {
            ++timer.fired;
            timer.due = -1;
          }
          ASSERT_EQ(timer.timer->fired, timer.fired) << "step " << step;
          ASSERT_EQ(timer.timer->has_deadline(), timer.due >= 0);
        }
      }
    }
  }
}

}  // namespace
}  // namespace holdfast::net
