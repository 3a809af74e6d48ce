// SPDX-License-Identifier: Apache-2.0
#include "channel/hub.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <poll.h>

#include "channel/table.h"
#include "support/core_turns.h"
#include "support/messages.h"
#include "support/recorder.h"

namespace holdfast::channel {
namespace {

using test::Recorder;
using test::stream_message;
using Texts = std::vector<std::string>;

class Sink final : public InterestSink {
 public:
  void on_interest(const std::string& channel, Interest interest) override {
    changes.push_back((interest == Interest::begins ? "+" : "-") + channel);
    if (also) also();
  }
  Texts changes;
  std::function<void()> also;
};

/// A hub with some cores, driven by the test.
struct Process {
  explicit Process(unsigned count, const HubOptions& options = {}) : hub(options) {
    hub.set_interest_sink(&sink);
    for (unsigned i = 0; i < count; ++i) {
      cores.push_back(std::make_unique<net::Core>(i));
      tables.push_back(std::make_unique<ChannelTable>(*cores[i], hub, TableOptions{0}, nullptr));
      hub.add_core(*cores[i], *tables[i]);
    }
  }
  void settle() {
    for (auto& core : cores) test::settle(*core);
  }
  bool woken(unsigned core) const {
    pollfd wake{cores[core]->inbox().wake_fd(), POLLIN, 0};
    return ::poll(&wake, 1, 0) > 0;
  }
  void publish(std::string channel, std::string content, std::string id = "") {
    hub.publish({stream_message(std::move(channel), std::move(content), std::move(id))});
  }
  std::uint64_t count(base::Counter counter) const { return hub.counters().get(counter); }

  Sink sink;
  Hub hub;
  std::vector<std::unique_ptr<net::Core>> cores;
  std::vector<std::unique_ptr<ChannelTable>> tables;
};

TEST(Hub, WhatClientsLeaveBehindGoesToNobody) {
  Process process(2);
  Recorder client(*process.tables[1]);
  client.join({"a"});
  process.settle();
  process.hub.forget_cores();
  process.tables[0].reset();
  process.cores[0].reset();  // the other one's clients end later
  process.publish("a", "too late");
  EXPECT_FALSE(process.woken(1));
  client.leave();
}

TEST(Hub, EveryCoreGetsEveryMessageInOneOrder) {
  Process process(3);
  std::vector<std::unique_ptr<Recorder>> clients;
  for (auto& table : process.tables) {
    clients.push_back(std::make_unique<Recorder>(*table));
    clients.back()->join({"a", "b"});
  }
  for (int i = 0; i < 10; ++i) process.publish(i % 3 ? "a" : "b", std::to_string(i));
  std::vector<NewMessageRef> together;
  for (int i = 10; i < 20; ++i) together.push_back(stream_message(i % 3 ? "a" : "b", std::to_string(i)));
  process.hub.publish(std::move(together));
  process.settle();
  for (const auto& client : clients) {
    ASSERT_EQ(client->received.size(), 20u);
    for (std::size_t i = 0; i < 20; ++i) EXPECT_EQ(client->received[i], std::to_string(i));
    for (std::size_t i = 1; i < 20; ++i) EXPECT_EQ(client->orders[i], client->orders[i - 1] + 1);
  }
  EXPECT_EQ(process.count(base::Counter::published), 20u);
}

TEST(Hub, NothingIsNothing) {
  Process process(1);
  process.hub.publish({});
  EXPECT_FALSE(process.woken(0));
  EXPECT_EQ(process.count(base::Counter::published), 0u);
}

TEST(Hub, Seq1DuplicatesAreDropped) {
  Process process(1);
  Recorder client(*process.tables[0]);
  client.join({"a", "b"});
  process.publish("a", "1", "id");
  process.publish("a", "2", "id");
  process.publish("b", "3", "id");
  process.publish("a", "4");
  process.publish("a", "5");
  process.hub.publish({stream_message("a", "6", "x"), stream_message("a", "7", "x")});
  process.settle();
  EXPECT_EQ(client.received, (Texts{"1", "3", "4", "5", "6"}));
  EXPECT_EQ(process.count(base::Counter::duplicates), 2u);
  EXPECT_EQ(process.count(base::Counter::published), 5u);
}

TEST(Hub, DuplicatesPassWhereTheCacheIsOff) {
  Process process(1, {.id_cache_ttl_ms = 0});
  Recorder client(*process.tables[0]);
  client.join({"a"});
  process.publish("a", "1", "id");
  process.publish("a", "2", "id");
  process.settle();
  EXPECT_EQ(client.received, (Texts{"1", "2"}));
}

TEST(Hub, InterestBeginsWithTheFirstCoreAndEndsWithTheLast) {
  Process process(3);
  Recorder one(*process.tables[0]);
  Recorder two(*process.tables[2]);
  Recorder also_two(*process.tables[2]);
  one.join({"a"});
  two.join({"a", "b"});
  also_two.join({"a"});
  EXPECT_EQ(process.sink.changes, (Texts{"+a", "+b"}));
  one.leave();
  also_two.leave();
  EXPECT_EQ(process.sink.changes.size(), 2u);
  two.leave();
  EXPECT_EQ(process.sink.changes, (Texts{"+a", "+b", "-a", "-b"}));
  one.join({"a"});
  EXPECT_EQ(process.sink.changes.back(), "+a");
}

TEST(Hub, OnlyCoresThatListenAreWoken) {
  Process process(3);
  Recorder client(*process.tables[1]);
  client.join({"a"});
  process.publish("a", "x");
  EXPECT_FALSE(process.woken(0));
  EXPECT_TRUE(process.woken(1));
  EXPECT_FALSE(process.woken(2));
  process.settle();
  process.publish("b", "y");
  for (unsigned i = 0; i < 3; ++i) EXPECT_FALSE(process.woken(i)) << "nobody listens";
  client.leave();
  process.settle();
  process.publish("a", "x");
  EXPECT_FALSE(process.woken(1)) << "nobody listens any more";
}

TEST(Hub, AClientThatIsAboutToListenLosesNothing) {
  Process process(2);
  process.publish("a", "1");
  EXPECT_FALSE(process.woken(1));
  // The core's next turn takes sockets first, so whoever they subscribe is there when the inbox is opened.
  Recorder client(*process.tables[1]);
  client.join({"a"});
  process.settle();
  EXPECT_EQ(client.received, Texts{"1"});
}

TEST(Hub, MoreCoresThanTheWakeMaskHasBits) {
  Process process(66);
  Recorder client(*process.tables[65]);
  client.join({"a"});
  process.publish("a", "x");
  EXPECT_TRUE(process.woken(65));
  EXPECT_FALSE(process.woken(64));
  process.settle();
  EXPECT_EQ(client.received, Texts{"x"});
}

TEST(Hub, WhoIsCalledByTheHubMayPublish) {
  Process process(1);
  Recorder client(*process.tables[0]);
  process.sink.also = [&] {
    process.sink.also = nullptr;
    process.publish("a", "from the sink");
    process.hub.post_interest(0, "b", Interest::begins);
  };
  client.join({"a"});
  process.settle();
  EXPECT_EQ(client.received, Texts{"from the sink"});
  EXPECT_EQ(process.sink.changes, (Texts{"+a", "+b"}));
}

TEST(Hub, APublisherInADeliveryIsHeardInTheSameOrderEverywhere) {
  Process process(2);
  Recorder one(*process.tables[0]);
  Recorder two(*process.tables[1]);
  one.join({"a"});
  two.join({"a"});
  one.on_deliver = [&] {
    one.on_deliver = nullptr;
    process.publish("a", "echo");
  };
  process.publish("a", "1");
  process.publish("a", "2");
  process.settle();
  process.settle();
  EXPECT_EQ(one.received, (Texts{"1", "2", "echo"}));
  EXPECT_EQ(two.received, one.received);
}

TEST(Hub, Backlog) {
  Process process(2, {.backlog_max_bytes = 1000});
  EXPECT_FALSE(process.hub.overloaded());
  process.publish("a", std::string(2000, 'x'));
  EXPECT_TRUE(process.hub.overloaded()) << "neither core has taken it";
  test::settle(*process.cores[0]);
  EXPECT_TRUE(process.hub.overloaded());
  test::settle(*process.cores[1]);
  EXPECT_FALSE(process.hub.overloaded());
  EXPECT_EQ(process.hub.backlog_bytes(), 0);
  process.publish("a", "x", "id");
  process.settle();
  process.publish("a", "x", "id");
  EXPECT_EQ(process.hub.backlog_bytes(), 0) << "a duplicate does not wait for anybody";
}

}  // namespace
}  // namespace holdfast::channel
