// SPDX-License-Identifier: Apache-2.0
// The walk over a channel's members: slices, shares, and members that come and go under it.
#include <algorithm>
#include <memory>
#include <random>
#include <string>
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
constexpr auto kSlice = ChannelTable::kSliceDeliveries;

class TableWalkTest : public ::testing::Test {
 protected:
  TableWalkTest() { hub_.add_core(core_, table_); }

  /// Published and applied; nothing of it is handed out before the next slice.
  void publish(std::string channel, std::string content) {
    hub_.publish({stream_message(std::move(channel), std::move(content))});
    core_.inbox().open_all();
  }
  Recorder& add(const std::string& channel = "a") {
    members_.push_back(std::make_unique<Recorder>(table_));
    return members_.back()->join({channel});
  }
  void add_many(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) add();
  }
  std::size_t reached() const {
    return static_cast<std::size_t>(
        std::count_if(members_.begin(), members_.end(), [](const auto& m) { return m && !m->received.empty(); }));
  }

  Hub hub_{HubOptions{}};
  net::Core core_{0};
  ChannelTable table_{core_, hub_, TableOptions{}, nullptr};
  std::vector<std::unique_ptr<Recorder>> members_;
};

TEST_F(TableWalkTest, ASliceHasABudget) {
  add_many(3000);
  publish("a", "x");
  std::size_t slices = 0;
  bool more = true;
  while (more) {
    more = table_.run_slice();
    ++slices;
    ASSERT_EQ(reached(), std::min<std::size_t>(slices * kSlice, 3000));
  }
  EXPECT_EQ(slices, (3000 + kSlice - 1) / kSlice);
  for (const auto& member : members_) ASSERT_EQ(member->received, Texts{"x"});
  EXPECT_FALSE(table_.run_slice());
}

TEST_F(TableWalkTest, AllMembersShareOneRun) {
  add_many(1000);
  publish("a", "x");
  publish("a", "y");
  table_.run_slice();
  const Slice* shared = nullptr;
  for (const auto& member : members_) {
    if (member->received.empty()) continue;
    if (!shared) shared = member->last_chunks;
    ASSERT_EQ(member->last_chunks, shared);
    ASSERT_EQ(member->deliveries, 1) << "one for both messages";
  }
  ASSERT_NE(shared, nullptr);
  test::settle(core_);
  for (const auto& member : members_) ASSERT_EQ(member->last_chunks, shared) << "in the slices behind it too";
}

TEST_F(TableWalkTest, ASmallChannelDoesNotWaitForALargeOne) {
  add_many(5000);
  auto& small = add("small");
  publish("a", "x");
  publish("small", "y");
  table_.run_slice();
  EXPECT_EQ(small.received, Texts{"y"});
  EXPECT_LE(reached(), kSlice);
}

TEST_F(TableWalkTest, ManySmallChannelsShareASlice) {
  for (int i = 0; i < 1000; ++i) {
    auto name = "c" + std::to_string(i);
    add(name);
    publish(name, "x");
  }
  std::size_t before = 0;
  while (table_.run_slice()) {
    ASSERT_LE(reached() - before, kSlice);
    ASSERT_GT(reached(), before);
    before = reached();
  }
  EXPECT_EQ(reached(), 1000u);
}

TEST_F(TableWalkTest, MessagesThatComeDuringAWalk) {
  add_many(1000);
  publish("a", "1");
  table_.run_slice();
  publish("a", "2");
  table_.run_slice();
  publish("a", "3");
  test::settle(core_);
  int in_one = 0;
  for (const auto& member : members_) {
    ASSERT_EQ(member->received, (Texts{"1", "2", "3"}));
    in_one += member->deliveries == 1;
  }
  EXPECT_EQ(in_one, 1000 - 2 * static_cast<int>(kSlice)) << "who had not been visited got all at once";
}

TEST_F(TableWalkTest, TheVisitedMemberMayLeave) {
  add_many(10);
  for (auto& member : members_) {
    member->on_deliver = [one = member.get()] { one->leave(); };
  }
  publish("a", "1");
  publish("a", "2");
  test::settle(core_);
  for (const auto& member : members_) EXPECT_EQ(member->received, (Texts{"1", "2"}));
  EXPECT_EQ(table_.channels(), 0u);
  publish("a", "3");
  test::settle(core_);
  EXPECT_EQ(members_[0]->received.size(), 2u);
}

TEST_F(TableWalkTest, AnyMemberMayEndAnyOther) {
  for (std::size_t killer = 0; killer < 6; ++killer) {
    for (std::size_t victim = 0; victim < 6; ++victim) {
      members_.clear();
      add_many(6);
      bool victim_had_it = false;
      members_[killer]->on_deliver = [&] {
        victim_had_it = !members_[victim]->received.empty();
        members_[victim]->leave();
      };
      publish("a", "x");
      test::settle(core_);
      for (std::size_t i = 0; i < 6; ++i) {
        if (i == victim && !victim_had_it) {
          EXPECT_TRUE(members_[i]->received.empty()) << killer << ' ' << victim;
        } else {
          EXPECT_EQ(members_[i]->received, Texts{"x"}) << killer << ' ' << victim << ' ' << i;
        }
      }
    }
  }
}

TEST_F(TableWalkTest, TheVisitedMemberMayEndAllOthers) {
  add_many(10);
  for (auto& member : members_) {
    member->on_deliver = [this, one = member.get()] {
      for (auto& other : members_) {
        if (other.get() != one) other.reset();
      }
    };
  }
  publish("a", "x");
  test::settle(core_);
  EXPECT_EQ(reached(), 1u);
  EXPECT_EQ(table_.channels(), 1u);
}

TEST_F(TableWalkTest, TheLastMemberMayEndTheChannelAndBeginItAnew) {
  auto& one = add();
  one.on_deliver = [&] {
    one.leave();
    one.join({"a"});
    publish("a", "in the new channel");
    one.on_deliver = nullptr;
  };
  publish("a", "in the old channel");
  test::settle(core_);
  EXPECT_EQ(one.received, (Texts{"in the old channel", "in the new channel"}));
  EXPECT_EQ(table_.channels(), 1u);
}

TEST_F(TableWalkTest, MembersThatJoinDuringAWalkGetWhatIsPublishedFromThenOn) {
  add_many(3);
  Recorder joined(table_);
  members_[1]->on_deliver = [&] {
    if (members_[1]->deliveries == 1) joined.join({"a"});
  };
  publish("a", "1");
  test::settle(core_);
  EXPECT_TRUE(joined.received.empty());
  publish("a", "2");
  test::settle(core_);
  EXPECT_EQ(joined.received, Texts{"2"});
}

TEST_F(TableWalkTest, AnActiveChannelMayEndBetweenTwoSlices) {
  add_many(1000);
  auto& other = add("b");
  publish("a", "x");
  table_.run_slice();
  publish("a", "y");
  publish("b", "z");
  for (std::size_t i = 0; i < 1000; ++i) members_[i]->leave();
  test::settle(core_);
  EXPECT_EQ(other.received, Texts{"z"});
  EXPECT_EQ(table_.channels(), 1u);
}

// Anything may happen at any time, also from inside a delivery; everybody gets exactly what was published to its
// channels while it was there, in order.
TEST_F(TableWalkTest, AgreesWithASimpleModel) {
  struct Client {
    std::unique_ptr<Recorder> recorder;
    Texts channels;
    Texts expected;
    bool in = false;
    bool cut = false;  // it left while something waited for it
  };
  std::minstd_rand random(3);
  std::vector<Client> clients(60);
  int published = 0;
  auto leave = [](Client& client) {
    client.recorder->leave();
    client.in = false;
    client.cut |= client.recorder->received != client.expected;
  };
  for (auto& client : clients) {
    client.recorder = std::make_unique<Recorder>(table_);
    client.recorder->on_deliver = [&] {
      if (random() % 5 == 0 && client.in) leave(client);
      auto& other = clients[random() % clients.size()];
      if (random() % 20 == 0 && other.in) leave(other);
    };
  }
  for (int step = 0; step < 20000; ++step) {
    auto& client = clients[random() % clients.size()];
    switch (random() % 6) {
      case 0:
        if (client.in || client.cut) break;
        client.channels.clear();
        for (char c : {'a', 'b', 'c', 'd'}) {
          if (random() % 2 || c == 'd') client.channels.emplace_back(1, c);
        }
        client.recorder->join(client.channels);
        client.in = true;
        break;
      case 1:
        if (client.in && random() % 4 == 0) leave(client);
        break;
      case 2: table_.run_slice(); break;
      case 3: core_.run_one_turn(); break;
      default: {
        std::string channel(1, "abcd"[random() % 4]);
        auto content = std::to_string(++published);
        for (auto& one : clients) {
          if (one.in && std::count(one.channels.begin(), one.channels.end(), channel)) one.expected.push_back(content);
        }
        publish(channel, content);
      }
    }
    if (step % 500 != 499) continue;
    test::settle(core_);
    for (auto& one : clients) {
      auto& received = one.recorder->received;
      ASSERT_LE(received.size(), one.expected.size());
      ASSERT_TRUE(std::equal(received.begin(), received.end(), one.expected.begin())) << "step " << step;
      ASSERT_TRUE(one.cut || received == one.expected) << "step " << step;
      received.clear();
      one.expected.clear();
      one.cut = false;
    }
  }
  EXPECT_GT(published, 5000);
}

}  // namespace
}  // namespace holdfast::channel
