// SPDX-License-Identifier: Apache-2.0
#include "net/core.h"

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/core_turns.h"

namespace holdfast::net {
namespace {

class TestSoon final : public Soon {
 public:
  explicit TestSoon(std::function<void()> call) : call_(std::move(call)) {}
  ~TestSoon() override = default;
  void on_soon() override { call_(); }

 private:
  std::function<void()> call_;
};

class TestTask final : public TurnTask {
 public:
  explicit TestTask(std::function<bool()> slice) : slice_(std::move(slice)) {}
  bool run_slice() override { return slice_(); }

 private:
  std::function<bool()> slice_;
};

/// A socket with something to read.
class ReadableSocket final : public Pollable {
 public:
  ReadableSocket(Core& core, std::function<void()> call) : call_(std::move(call)) {
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds_), 0);
    EXPECT_TRUE(core.poller().add(fds_[0], *this));
    poke();
  }
  ~ReadableSocket() {
    ::close(fds_[0]);
    ::close(fds_[1]);
  }
  void poke() { EXPECT_EQ(::write(fds_[1], "x", 1), 1); }
  void on_events(std::uint32_t) override { call_(); }

 private:
  int fds_[2];
  std::function<void()> call_;
};

struct Grave {
  explicit Grave(std::function<void()> call) : on_death(std::move(call)) {}
  ~Grave() { on_death(); }
  std::function<void()> on_death;
};

TEST(Core, ATurnIsSocketsSoonInboxTasksSoonGraves) {
  Core core(0);
  std::string order;
  TestSoon early([&] { order += " soon"; });
  TestSoon late([&] { order += " soon-of-the-task"; });
  TestTask task([&] {
    order += " task";
    core.run_soon(late);
    return false;
  });
  core.add_turn_task(task);
  core.post([&] { order += " inbox"; });
  ReadableSocket socket(core, [&] {
    order += "socket";
    core.run_soon(early);
    core.defer_delete(std::make_unique<Grave>([&] { order += " grave"; }));
  });
  core.run_one_turn();
  EXPECT_EQ(order, "socket soon inbox task soon-of-the-task grave");
}

TEST(Core, EdgesAreReportedOnce) {
  Core core(0);
  int events = 0;
  ReadableSocket socket(core, [&] { ++events; });
  test::settle(core);
  EXPECT_EQ(events, 1) << "although nobody has read it";
  socket.poke();
  test::settle(core);
  EXPECT_EQ(events, 2);
}

TEST(Core, TasksSayWhetherThereIsMore) {
  Core core(0);
  int slices = 3;
  TestTask task([&] { return --slices > 0; });
  core.add_turn_task(task);
  EXPECT_TRUE(core.run_one_turn());
  EXPECT_TRUE(core.run_one_turn());
  EXPECT_FALSE(core.run_one_turn());
}

TEST(Core, SoonIsCalledOnceHoweverOftenItWasAskedFor) {
  Core core(0);
  int calls = 0;
  TestSoon soon([&] { ++calls; });
  core.run_soon(soon);
  core.run_soon(soon);
  core.run_one_turn();
  EXPECT_EQ(calls, 1);
  core.run_one_turn();
  EXPECT_EQ(calls, 1);
  core.run_soon(soon);
  core.run_one_turn();
  EXPECT_EQ(calls, 2);
}

TEST(Core, SoonThatAsksAgainDoesNotKeepTheTurn) {
  Core core(0);
  int calls = 0;
  TestSoon soon([&] {
    ++calls;
    core.run_soon(soon);
  });
  core.run_soon(soon);
  EXPECT_TRUE(core.run_one_turn()) << "more to do";
  EXPECT_EQ(calls, 2) << "before the inbox and behind the tasks";
  EXPECT_TRUE(core.run_one_turn());
  EXPECT_EQ(calls, 4);
}

TEST(Core, SoonThatIsDestroyedIsNotCalled) {
  Core core(0);
  int calls = 0;
  auto soon = std::make_unique<TestSoon>([&] { ++calls; });
  core.run_soon(*soon);
  soon.reset();
  core.run_one_turn();
  EXPECT_EQ(calls, 0);
}

TEST(Core, SoonMayDestroyOneThatIsToBeCalledAfterIt) {
  Core core(0);
  int calls = 0;
  auto victim = std::make_unique<TestSoon>([&] { ++calls; });
  TestSoon killer([&] { victim.reset(); });
  TestSoon other([&] { calls += 10; });
  core.run_soon(killer);
  core.run_soon(*victim);
  core.run_soon(other);
  core.run_one_turn();
  EXPECT_EQ(calls, 10);
}

TEST(Core, SoonMayOutliveItsCore) {
  int calls = 0;
  TestSoon soon([&] { ++calls; });
  {
    Core core(0);
    core.run_soon(soon);
  }
  Core other(1);
  other.run_soon(soon);
  other.run_one_turn();
  EXPECT_EQ(calls, 1);
}

TEST(Core, GravesMayFillGraves) {
  Core core(0);
  int dead = 0;
  core.defer_delete(std::make_unique<Grave>([&] {
    ++dead;
    core.defer_delete(std::make_unique<Grave>([&] { ++dead; }));
  }));
  core.defer_delete(std::unique_ptr<Grave>());
  EXPECT_EQ(dead, 0);
  core.run_one_turn();
  EXPECT_EQ(dead, 2);
}

TEST(Core, ItsEndBuriesWhatIsLeft) {
  int dead = 0;
  {
    Core core(0);
    core.defer_delete(std::make_unique<Grave>([&] { ++dead; }));
    core.post([] {});
  }
  EXPECT_EQ(dead, 1);
}

TEST(Core, NumbersOfConnectionsAreUniqueInTheProcess) {
  Core one(0);
  Core two(1);
  EXPECT_NE(one.next_connection(), one.next_connection());
  EXPECT_NE(one.next_connection(), two.next_connection());
  EXPECT_NE(two.next_connection(), 0u);
}

TEST(Core, WhatCameAboutBeforeALetterIsMetBeforeIt) {
  Core core(0);
  std::string order;
  ReadableSocket socket(core, [&] { order += " socket"; });
  core.run_one_turn();
  order.clear();
  // This runs behind the turn's look at the sockets and before its look into the inbox.
  TestSoon between([&] {
    socket.poke();
    core.post([&] { order += " letter"; });
  });
  core.run_soon(between);
  core.run_one_turn();
  EXPECT_EQ(order, " socket letter");
}

TEST(Core, LettersThatPostLettersDoNotKeepTheTurn) {
  Core core(0);
  int letters = 0;
  std::function<void()> post_again = [&] {
    ++letters;
    core.post(post_again);
  };
  core.post(post_again);
  core.run_one_turn();
  EXPECT_EQ(letters, 1);
  EXPECT_TRUE(core.run_one_turn()) << "it comes again without waiting";
  EXPECT_EQ(letters, 2);
}

TEST(Core, ANudgeOfItsOwnBringsAnotherTurn) {
  Core core(0);
  TestTask task([&, nudged = false]() mutable {
    if (!std::exchange(nudged, true)) core.nudge();
    return false;
  });
  core.add_turn_task(task);
  EXPECT_TRUE(core.run_one_turn());
  EXPECT_FALSE(core.run_one_turn());
}

TEST(Core, MoreEventsThanOneBatchAreAllSeenInOneTurn) {
  Core core(0);
  int events = 0;
  std::vector<std::unique_ptr<ReadableSocket>> sockets;
  for (int i = 0; i < 300; ++i) sockets.push_back(std::make_unique<ReadableSocket>(core, [&] { ++events; }));
  core.run_one_turn();
  EXPECT_EQ(events, 300);
}

TEST(Core, RunsUntilItIsStopped) {
  Core core(0);
  std::atomic<int> ran{0};
  std::thread thread([&] { core.run(); });
  std::vector<std::thread> posters;
  for (int poster = 0; poster < 4; ++poster) {
    posters.emplace_back([&] {
      for (int i = 0; i < 1000; ++i) core.post([&] { ran.fetch_add(1); });
    });
  }
  for (auto& poster : posters) poster.join();
  core.post([&] { core.stop(); });
  thread.join();
  EXPECT_EQ(ran.load(), 4000);
}

TEST(Core, TheTickTurnsTheWheel) {
  Core core(0);
  struct Stopper final : Timer {
    explicit Stopper(Core& to_stop) : core(to_stop) {}
    void on_deadline() override { core.stop(); }
    Core& core;
  } stopper(core);
  stopper.set_deadline(core.wheel(), core.now() + 1);
  core.run();  // would not return without a tick
  EXPECT_FALSE(stopper.has_deadline());
}

}  // namespace
}  // namespace holdfast::net
