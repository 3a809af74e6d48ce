// SPDX-License-Identifier: Apache-2.0
#include "net/inbox.h"

#include <array>
#include <cstdint>
#include <functional>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

namespace holdfast::net {
namespace {

class Call final : public Letter {
 public:
  explicit Call(std::function<void()> call, int* alive = nullptr) : call_(std::move(call)), alive_(alive) {
    if (alive_) ++*alive_;
  }
  ~Call() override {
    if (alive_) --*alive_;
  }
  void open() override { call_(); }

 private:
  std::function<void()> call_;
  int* alive_;
};

/// How often the owner would be woken.
std::uint64_t wakes(const Inbox& inbox) {
  std::uint64_t count = 0;
  return ::read(inbox.wake_fd(), &count, sizeof count) == sizeof count ? count : 0;
}

TEST(Inbox, OpensInOrderAndFrees) {
  Inbox inbox;
  std::vector<int> opened;
  int alive = 0;
  EXPECT_FALSE(inbox.open_all());
  for (int i = 0; i < 5; ++i) inbox.put(new Call([&opened, i] { opened.push_back(i); }, &alive));
  EXPECT_EQ(alive, 5);
  EXPECT_TRUE(inbox.open_all());
  EXPECT_EQ(opened, (std::vector{0, 1, 2, 3, 4}));
  EXPECT_EQ(alive, 0);
  EXPECT_FALSE(inbox.open_all());
}

TEST(Inbox, OpensWhatIsPutMeanwhile) {
  Inbox inbox;
  std::vector<int> opened;
  inbox.put(new Call([&] {
    opened.push_back(1);
    inbox.put(new Call([&] { opened.push_back(3); }));
  }));
  inbox.put(new Call([&] { opened.push_back(2); }));
  EXPECT_TRUE(inbox.open_all());
  EXPECT_EQ(opened, (std::vector{1, 2, 3}));
}

TEST(Inbox, WhatIsPutBehindTheGatheringWaits) {
  Inbox inbox;
  std::vector<int> opened;
  EXPECT_FALSE(inbox.gather());
  inbox.open_gathered();
  auto put = [&](int i) { inbox.put(new Call([&opened, i] { opened.push_back(i); })); };
  put(1);
  put(2);
  EXPECT_TRUE(inbox.gather());
  put(3);
  put(4);
  inbox.open_gathered();
  EXPECT_EQ(opened, (std::vector{1, 2}));
  EXPECT_TRUE(inbox.gather());
  put(5);
  EXPECT_TRUE(inbox.gather());
  inbox.open_gathered();
  EXPECT_EQ(opened, (std::vector{1, 2, 3, 4, 5})) << "gathered twice, in order all the same";
}

TEST(Inbox, FreesWhatNobodyOpened) {
  int alive = 0;
  int opened = 0;
  {
    Inbox inbox;
    for (int i = 0; i < 3; ++i) inbox.put(new Call([&] { ++opened; }, &alive));
    inbox.gather();
    for (int i = 0; i < 3; ++i) inbox.put(new Call([&] { ++opened; }, &alive));
  }
  EXPECT_EQ(alive, 0);
  EXPECT_EQ(opened, 0);
}

TEST(Inbox, OneWakeForAnyNumberOfLetters) {
  Inbox inbox;
  inbox.put(new Call([] {}));
  EXPECT_EQ(wakes(inbox), 0u) << "putting alone wakes nobody";
  inbox.wake();
  inbox.put(new Call([] {}));
  inbox.wake();
  inbox.wake();
  EXPECT_EQ(wakes(inbox), 1u);
  inbox.wake();
  EXPECT_EQ(wakes(inbox), 0u) << "the wake has not been heard yet";
  inbox.clear_wake();
  inbox.wake();
  EXPECT_EQ(wakes(inbox), 1u);
  inbox.clear_wake();
  EXPECT_TRUE(inbox.open_all());
  EXPECT_EQ(wakes(inbox), 0u);
}

TEST(Inbox, ALetterAfterTheWakeWasHeardWakesAgain) {
  Inbox inbox;
  inbox.wake();
  inbox.clear_wake();
  inbox.put(new Call([] {}));
  inbox.wake();
  EXPECT_EQ(wakes(inbox), 1u);
}

TEST(Inbox, LettersOfEachSenderStayInOrder) {
  constexpr int kSenders = 4;
  constexpr int kLetters = 10000;
  Inbox inbox;
  std::array<int, kSenders> next{};
  bool in_order = true;
  std::vector<std::thread> senders;
  for (std::size_t sender = 0; sender < kSenders; ++sender) {
    senders.emplace_back([&, sender] {
      for (int i = 0; i < kLetters; ++i) {
        inbox.put(new Call([&next, &in_order, sender, i] { in_order &= next[sender]++ == i; }));
        inbox.wake();
      }
    });
  }
  auto all = [&] {
    int sum = 0;
    for (int count : next) sum += count;
    return sum == kSenders * kLetters;
  };
  // The owner as the core does it: sleep until woken, clear, open.
  while (!all()) {
    inbox.clear_wake();
    inbox.open_all();
  }
  for (auto& sender : senders) sender.join();
  EXPECT_TRUE(in_order);
  EXPECT_FALSE(inbox.open_all());
}

}  // namespace
}  // namespace holdfast::net
