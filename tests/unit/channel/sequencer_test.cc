// SPDX-License-Identifier: Apache-2.0
#include "channel/sequencer.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/messages.h"

namespace holdfast::channel {
namespace {

using Texts = std::vector<std::string>;

class Sequencing : public ::testing::Test {
 protected:
  Sequencing() { sequencer_.begin("c"); }

  static NewMessageRef item(const char* id, const char* prev_id, const std::string& channel = "c") {
    auto message = test::stream_message(channel, "x");
    if (id) message->id = id;
    if (prev_id) message->prev_id = prev_id;
    return message;
  }
  static Texts ids(const Sequencer::Messages& messages) {
    Texts out;
    for (const auto& message : messages) out.push_back(message->id.value_or("-"));
    return out;
  }
  /// The ids of what goes out because of this message.
  Texts take(NewMessageRef message) {
    Sequencer::Messages out;
    sequencer_.take(std::move(message), now_, out);
    return ids(out);
  }
  Texts take(const char* id, const char* prev_id) { return take(item(id, prev_id)); }
  Texts expire() {
    Sequencer::Messages out;
    sequencer_.expire(now_, out);
    return ids(out);
  }

  base::Millis now_ = 1000;
  base::Counters counters_;
  Sequencer sequencer_{{.wait_ms = 5000, .waiting_max = 3}, counters_};
};

TEST_F(Sequencing, WhatFollowsPasses) {
  EXPECT_EQ(take("1", "0"), Texts{"1"}) << "no last id is known yet";
  EXPECT_EQ(take("2", "1"), Texts{"2"});
  EXPECT_EQ(take("9", nullptr), Texts{"9"}) << "names no predecessor";
  EXPECT_EQ(take(nullptr, "9"), Texts{"-"});
  EXPECT_EQ(take("5", "4"), Texts{"5"}) << "an item without id makes the last id unknown";
  EXPECT_EQ(*sequencer_.last_id("c"), "5");
  EXPECT_EQ(sequencer_.waiting(), 0U);
}

TEST_F(Sequencing, WhatComesEarlyWaitsForItsPredecessor) {
  take("1", nullptr);
  EXPECT_EQ(take("4", "3"), Texts{});
  EXPECT_EQ(take("3", "2"), Texts{});
  EXPECT_EQ(sequencer_.waiting(), 2U);
  EXPECT_EQ(take("2", "1"), (Texts{"2", "3", "4"}));
  EXPECT_EQ(sequencer_.waiting(), 0U);
  EXPECT_EQ(*sequencer_.last_id("c"), "4");
}

TEST_F(Sequencing, NoSeqPassesAndLeavesTheLastId) {
  take("1", nullptr);
  auto message = item("9", "8");
  message->no_seq = true;
  EXPECT_EQ(take(std::move(message)), Texts{"9"});
  EXPECT_EQ(*sequencer_.last_id("c"), "1");
}

TEST_F(Sequencing, OnlyChannelsWithListenersAreKept) {
  EXPECT_EQ(take(item("1", nullptr, "other")), Texts{"1"});
  EXPECT_EQ(take(item("5", "4", "other")), Texts{"5"});
  EXPECT_EQ(sequencer_.last_id("other"), nullptr);
}

TEST_F(Sequencing, ChannelsDoNotMix) {
  sequencer_.begin("d");
  take("1", nullptr);
  take(item("7", nullptr, "d"));
  EXPECT_EQ(take("3", "2"), Texts{});
  EXPECT_EQ(take(item("2", "7", "d")), Texts{"2"}) << "another channel's 2";
  EXPECT_EQ(take("2", "1"), (Texts{"2", "3"}));
}

TEST_F(Sequencing, AfterItsTimeAnItemGoesAnyway) {
  take("1", nullptr);
  take("6", "5");
  take("5", "4");
  now_ += 4999;
  EXPECT_EQ(expire(), Texts{});
  now_ += 1;
  EXPECT_EQ(expire(), (Texts{"6", "5"})) << "the oldest first; what was named as predecessor comes too late";
  EXPECT_EQ(counters_.get(base::Counter::items_expired), 2U);
  EXPECT_EQ(take("7", "5"), Texts{"7"});
}

TEST_F(Sequencing, WhatWaitedForAnExpiredItemGoesWithIt) {
  take("1", nullptr);
  take("5", "4");
  now_ += 1000;
  take("6", "5");
  now_ += 4000;
  EXPECT_EQ(expire(), (Texts{"5", "6"}));
  EXPECT_EQ(counters_.get(base::Counter::items_expired), 1U);
}

TEST_F(Sequencing, AnItemTooManySendsTheOldestOut) {
  take("1", nullptr);
  take("11", "10");
  take("21", "20");
  take("31", "30");
  EXPECT_EQ(take("41", "40"), Texts{"11"});
  EXPECT_EQ(counters_.get(base::Counter::items_overflowed), 1U);
  EXPECT_EQ(sequencer_.waiting(), 3U);
}

TEST_F(Sequencing, AnItemTooManyMayFollowTheOneThatItSendsOut) {
  take("1", nullptr);
  take("11", "10");
  take("21", "20");
  take("31", "30");
  EXPECT_EQ(take("12", "11"), (Texts{"11", "12"}));
}

TEST_F(Sequencing, TwoItemsWithOnePredecessorBothGoInTheEnd) {
  take("1", nullptr);
  take("3", "2");
  take("3b", "2");
  EXPECT_EQ(take("2", "1"), (Texts{"2", "3"}));
  now_ += 5000;
  EXPECT_EQ(expire(), Texts{"3b"});
}

TEST_F(Sequencing, WhenTheLastListenerLeavesNothingIsKept) {
  take("1", nullptr);
  take("3", "2");
  Sequencer::Messages out;
  sequencer_.end("c", out);
  EXPECT_EQ(ids(out), Texts{"3"});
  EXPECT_EQ(sequencer_.waiting(), 0U);
  sequencer_.begin("c");
  EXPECT_EQ(take("9", "8"), Texts{"9"}) << "nothing is known of the time before";
  now_ += 10000;
  EXPECT_EQ(expire(), Texts{});
}

TEST_F(Sequencing, AForgottenLastIdLetsTheNextOnePass) {
  take("1", nullptr);
  sequencer_.forget_last_id("c");
  EXPECT_EQ(sequencer_.last_id("c"), nullptr);
  EXPECT_EQ(take("9", "8"), Texts{"9"});
}

TEST_F(Sequencing, WithoutAWaitNothingWaits) {
  sequencer_.set_options({.wait_ms = 0});
  take("1", nullptr);
  EXPECT_EQ(take("9", "8"), Texts{"9"});
}

}  // namespace
}  // namespace holdfast::channel
