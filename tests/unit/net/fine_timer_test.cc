// SPDX-License-Identifier: Apache-2.0
#include "net/fine_timer.h"

#include <memory>

#include <gtest/gtest.h>

#include "support/core_turns.h"

namespace holdfast::net {
namespace {

constexpr base::Millis kNotInThisTest = 3600000;

TEST(FineTimer, CallsOnce) {
  Core core(0);
  int calls = 0;
  FineTimer timer(core, [&] { ++calls; });
  test::settle(core);
  EXPECT_EQ(calls, 0) << "not before it is started";
  timer.start(1);
  EXPECT_TRUE(test::run_until(core, [&] { return calls > 0; }));
  test::settle(core);
  EXPECT_EQ(calls, 1);
}

TEST(FineTimer, NeverEarly) {
  Core core(0);
  bool called = false;
  FineTimer timer(core, [&] { called = true; });
  auto started = base::steady_ms();
  timer.start(20);
  EXPECT_TRUE(test::run_until(core, [&] { return called; }));
  EXPECT_GE(base::steady_ms() - started, 19);  // both ends are cut to whole milliseconds
}

TEST(FineTimer, MayBeStartedFromItsCall) {
  Core core(0);
  int calls = 0;
  std::unique_ptr<FineTimer> timer;
  timer = std::make_unique<FineTimer>(core, [&] {
    if (++calls < 3) timer->start(0);
  });
  timer->start(0);
  EXPECT_TRUE(test::run_until(core, [&] { return calls == 3; }));
}

TEST(FineTimer, StartReplacesAnEarlierStart) {
  Core core(0);
  int calls = 0;
  FineTimer timer(core, [&] { ++calls; });
  timer.start(kNotInThisTest);
  timer.start(0);
  EXPECT_TRUE(test::run_until(core, [&] { return calls == 1; }));
  timer.start(0);
  timer.start(kNotInThisTest);
  bool later = false;
  FineTimer other(core, [&] { later = true; });
  other.start(5);
  EXPECT_TRUE(test::run_until(core, [&] { return later; }));
  EXPECT_EQ(calls, 1);
}

TEST(FineTimer, StartReplacesOneThatIsDueAlready) {
  Core core(0);
  int calls = 0;
  FineTimer second(core, [&] { ++calls; });
  FineTimer first(core, [&] { second.start(kNotInThisTest); });
  bool over = false;
  FineTimer last(core, [&] { over = true; });
  // All are due when the core looks; the first one's call finds the second's waiting to be made.
  first.start(-3);
  second.start(-2);
  last.start(-1);
  EXPECT_TRUE(test::run_until(core, [&] { return over; }));
  EXPECT_EQ(calls, 0);
}

TEST(FineTimer, DestroyingCancels) {
  Core core(0);
  int calls = 0;
  auto doomed = std::make_unique<FineTimer>(core, [&] { ++calls; });
  FineTimer first(core, [&] { doomed.reset(); });
  bool over = false;
  FineTimer last(core, [&] { over = true; });
  first.start(-3);
  doomed->start(-2);
  last.start(-1);
  EXPECT_TRUE(test::run_until(core, [&] { return over; }));
  EXPECT_EQ(doomed, nullptr);
  EXPECT_EQ(calls, 0) << "its completion was queued already";
}

}  // namespace
}  // namespace holdfast::net
