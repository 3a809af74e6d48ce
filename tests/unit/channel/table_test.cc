// SPDX-License-Identifier: Apache-2.0
// Who gets which messages, in which order, and how long a channel lives.
#include "channel/table.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "channel/hub.h"
#include "support/core_turns.h"
#include "support/messages.h"
#include "support/recorder.h"

namespace holdfast::channel {
namespace {

using test::Recorder;
using test::response_message;
using test::stream_message;
using Texts = std::vector<std::string>;

class ChannelTableTest : public ::testing::Test, public InterestSink {
 protected:
  ChannelTableTest() {
    hub_.add_core(core_, table_);
    hub_.set_interest_sink(this);
    test::stop_clock(core_);
  }

  void on_interest(const std::string& channel, Interest interest) override {
    interest == Interest::begins ? ++interests_[channel] : --interests_[channel];
    ++changes_;
  }

  void publish(NewMessageRef message) { hub_.publish({std::move(message)}); }
  void publish(std::string channel, std::string content) { publish(stream_message(channel, content)); }
  std::unique_ptr<Recorder> recorder(const Texts& channels, Transport transport = Transport::stream) {
    auto made = std::make_unique<Recorder>(table_);
    made->join(channels, transport);
    return made;
  }
  void settle() { test::settle(core_); }

  Hub hub_{HubOptions{}};
  net::Core core_{0};
  ChannelTable table_{core_, hub_, TableOptions{60000}, nullptr};
  std::map<std::string, int> interests_;
  int changes_ = 0;
};

TEST_F(ChannelTableTest, MembersGetTheirChannelsMessages) {
  auto a = recorder({"a"});
  auto b = recorder({"b"});
  auto both = recorder({"a", "b"});
  publish("a", "1");
  publish("b", "2");
  publish("c", "3");
  settle();
  EXPECT_EQ(a->received, Texts{"1"});
  EXPECT_EQ(b->received, Texts{"2"});
  EXPECT_EQ(both->received, (Texts{"1", "2"}));
}

TEST_F(ChannelTableTest, OnlyWhatIsPublishedFromThenOn) {
  publish("a", "before the first member");
  settle();
  auto early = recorder({"a"});
  publish("a", "1");
  core_.inbox().open_all();  // applied, but not handed out yet
  auto late = recorder({"a"});
  publish("a", "2");
  settle();
  EXPECT_EQ(early->received, (Texts{"1", "2"}));
  EXPECT_EQ(late->received, Texts{"2"});
  early->leave();
  publish("a", "3");
  settle();
  EXPECT_EQ(early->received, (Texts{"1", "2"}));
  EXPECT_EQ(late->received, (Texts{"2", "3"}));
}

TEST_F(ChannelTableTest, TheOrderOfPublicationHoldsAcrossChannels) {
  auto all = recorder({"a", "b", "c"});
  auto two = recorder({"c", "a"});
  auto other = recorder({"b"});
  Texts expected;
  Texts expected_two;
  for (int i = 0; i < 100; ++i) {
    std::string channel(1, "abcacbbca"[i % 9]);
    publish(channel, channel + std::to_string(i));
    expected.push_back(channel + std::to_string(i));
    if (channel != "b") expected_two.push_back(expected.back());
    if (i % 10 == 9) core_.run_one_turn();
  }
  settle();
  EXPECT_EQ(all->received, expected);
  EXPECT_EQ(two->received, expected_two);
  EXPECT_EQ(other->received.size(), expected.size() - expected_two.size());
  EXPECT_EQ(all->deliveries, 10) << "everything that a turn has for a subscriber comes at once";
}

TEST_F(ChannelTableTest, EachTransportHasItsMessages) {
  auto stream = recorder({"a"});
  auto poll = recorder({"a"}, Transport::response);
  publish("a", "for streams");
  publish(response_message("a", "for polls"));
  auto both = response_message("a", "poll half");
  both->stream = std::move(stream_message("a", "stream half")->stream);
  publish(std::move(both));
  settle();
  ASSERT_EQ(stream->received.size(), 3u) << "the recorder writes down both parts of the last one";
  EXPECT_EQ(stream->received[0], "for streams");
  EXPECT_EQ(stream->received[1], "stream half");
  EXPECT_EQ(poll->received[0], "for polls");
  EXPECT_EQ(poll->orders.size(), 2u);
}

TEST_F(ChannelTableTest, NamesAreComparedWhole) {
  auto one = recorder({std::string("a\0b", 3)});
  auto two = recorder({"a"});
  auto three = recorder({""});
  publish(std::string("a\0b", 3), "1");
  publish("a", "2");
  publish("", "3");
  settle();
  EXPECT_EQ(one->received, Texts{"1"});
  EXPECT_EQ(two->received, Texts{"2"});
  EXPECT_EQ(three->received, Texts{"3"});
}

TEST_F(ChannelTableTest, LeavingTwiceAndWithoutHavingJoinedIsHarmless) {
  auto one = recorder({"a", "b"});
  one->leave();
  one->leave();
  Recorder never(table_);
  never.leave();
  EXPECT_EQ(table_.channels(), 0u);
  one->join({"c"});
  publish("c", "again");
  settle();
  EXPECT_EQ(one->received, Texts{"again"});
}

TEST_F(ChannelTableTest, DeliveriesAreCounted) {
  auto one = recorder({"a"});
  auto two = recorder({"a"});
  publish("a", "1");
  settle();
  EXPECT_EQ(core_.counters().get(base::Counter::deliveries), 2u);
}

// What nobody waits for any more must not be kept: hub.overloaded() would never end.
TEST_F(ChannelTableTest, MessagesAreLetGoOf) {
  auto one = recorder({"a"});
  auto many = recorder({"a", "b", "c"});
  auto poll = recorder({"a"}, Transport::response);
  for (int i = 0; i < 200; ++i) publish(std::string(1, "abc"[i % 3]), std::string(1000, 'x'));
  publish(response_message("a", "x"));
  EXPECT_GT(hub_.backlog_bytes(), 200000);
  settle();
  EXPECT_EQ(many->received.size(), 200u);
  EXPECT_EQ(hub_.backlog_bytes(), 0);
}

TEST_F(ChannelTableTest, ALaneThatLosesItsMembersLetsGoOfItsMessages) {
  auto one = recorder({"a"}, Transport::response);
  publish(response_message("a", "x"));
  core_.inbox().open_all();
  one->leave();  // the channel lingers
  settle();
  EXPECT_EQ(table_.channels(), 1u);
  EXPECT_EQ(hub_.backlog_bytes(), 0);
  one->join({"a"}, Transport::response);
  publish(response_message("a", "y"));
  settle();
  EXPECT_EQ(one->received, Texts{"y"});
}

// ----------------------------------------------------------------------------------------------------- lifetime

TEST_F(ChannelTableTest, InterestFollowsTheMembers) {
  auto one = recorder({"a", "b"});
  auto two = recorder({"b"});
  EXPECT_EQ(interests_, (std::map<std::string, int>{{"a", 1}, {"b", 1}}));
  EXPECT_EQ(changes_, 2);
  one->leave();
  EXPECT_EQ(interests_, (std::map<std::string, int>{{"a", 0}, {"b", 1}}));
  two->leave();
  EXPECT_EQ(interests_["b"], 0);
  EXPECT_EQ(table_.channels(), 0u) << "streams do not linger";
}

TEST_F(ChannelTableTest, Lp13AChannelOutlivesItsLastPoll) {
  auto poll = recorder({"a"}, Transport::response);
  poll->leave();
  test::pass_time(core_, 59999);
  EXPECT_EQ(interests_["a"], 1);
  test::pass_time(core_, 101);
  EXPECT_EQ(interests_["a"], 0);
  EXPECT_EQ(table_.channels(), 0u);
  EXPECT_EQ(changes_, 2);
}

TEST_F(ChannelTableTest, Lp13TheNextPollFindsTheChannel) {
  auto poll = recorder({"a"}, Transport::response);
  poll->leave();
  poll->join({"a"}, Transport::response);
  test::pass_time(core_, 120000);
  EXPECT_EQ(interests_["a"], 1);
  EXPECT_EQ(changes_, 1) << "no gap";
  publish(response_message("a", "x"));
  settle();
  EXPECT_EQ(poll->received, Texts{"x"});
  poll->leave();
  test::pass_time(core_, 60100);
  EXPECT_EQ(interests_["a"], 0);
}

TEST_F(ChannelTableTest, Lp13AStreamThatLeavesDoesNotEndTheLinger) {
  auto stream = recorder({"a"});
  auto poll = recorder({"a"}, Transport::response);
  poll->leave();
  stream->leave();
  EXPECT_EQ(interests_["a"], 1) << "the next poll is on its way";
  auto other = recorder({"a"});
  other->leave();
  EXPECT_EQ(interests_["a"], 1) << "nor does one that came and went meanwhile";
  test::pass_time(core_, 60100);
  EXPECT_EQ(interests_["a"], 0);
  EXPECT_EQ(changes_, 2);
}

TEST_F(ChannelTableTest, NoLingerWhereNoneIsWanted) {
  net::Core core(1);
  ChannelTable table(core, hub_, TableOptions{0}, nullptr);
  hub_.add_core(core, table);
  {
    Recorder poll(table);
    poll.join({"z"}, Transport::response);
    EXPECT_EQ(interests_["z"], 1);
  }
  EXPECT_EQ(interests_["z"], 0);
}

}  // namespace
}  // namespace holdfast::channel
