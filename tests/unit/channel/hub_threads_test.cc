// SPDX-License-Identifier: Apache-2.0
// Many publishers, many cores: one order. Worth running under -fsanitize=thread.
#include <atomic>
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

constexpr int kPosters = 4;
constexpr int kLetters = 10000;
constexpr std::size_t kMessages = kPosters * (kLetters + kLetters / 10);  // every tenth letter has two

const std::vector<std::string> kChannels{"a", "b", "c", "d"};

void post_all(Hub& hub, int poster) {
  for (int i = 0; i < kLetters; ++i) {
    auto content = std::to_string(poster) + " " + std::to_string(i);
    const auto& channel = kChannels[static_cast<std::size_t>(poster + i) % kChannels.size()];
    std::vector<NewMessageRef> letter = {test::stream_message(channel, content)};
    if (i % 10 == 0) letter.push_back(test::stream_message(kChannels[0], content + " and more"));
    hub.publish(std::move(letter));
  }
}

/// A core on its own thread, with one client that follows everything and others that come and go.
class RunningCore {
 public:
  RunningCore(unsigned index, Hub& hub) : core_(index), table_(core_, hub, TableOptions{0}, nullptr), client_(table_) {
    hub.add_core(core_, table_);
  }
  ~RunningCore() {
    core_.post([this] { core_.stop(); });
    thread_.join();
  }
  void start() {
    client_.join(kChannels);
    client_.on_deliver = [this] {
      reached_.store(client_.received.size(), std::memory_order_release);
      passer_by_.leave();
      passer_by_.join({kChannels[client_.received.size() % kChannels.size()], "nobody else's"});
    };
    thread_ = std::thread([this] { core_.run(); });
  }
  std::size_t reached() const { return reached_.load(std::memory_order_acquire); }
  /// After all messages have been reached.
  const test::Recorder& client() const { return client_; }

 private:
  net::Core core_;
  ChannelTable table_;
  test::Recorder client_;
  test::Recorder passer_by_{table_};
  std::atomic<std::size_t> reached_{0};
  std::thread thread_;
};

TEST(HubThreads, AllCoresSeeTheSameOrder) {
  Hub hub{HubOptions{}};
  RunningCore one(0, hub);
  RunningCore two(1, hub);
  one.start();
  two.start();
  std::vector<std::thread> posters;
  for (int poster = 0; poster < kPosters; ++poster) posters.emplace_back([&hub, poster] { post_all(hub, poster); });
  for (auto& poster : posters) poster.join();

  auto deadline = std::chrono::steady_clock::now() + 4 * test::kPatience;
  while ((one.reached() < kMessages || two.reached() < kMessages) && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::yield();
  }
  ASSERT_EQ(one.reached(), kMessages);
  ASSERT_EQ(two.reached(), kMessages);
  EXPECT_TRUE(one.client().received == two.client().received);
  EXPECT_TRUE(one.client().orders == two.client().orders);

  std::vector<int> next(kPosters);
  const auto& received = one.client().received;
  for (std::size_t at = 0; at < received.size(); ++at) {
    auto poster = static_cast<std::size_t>(received[at][0] - '0');
    auto i = next[poster]++;
    auto expected = std::to_string(poster) + " " + std::to_string(i);
    ASSERT_EQ(received[at], expected) << "each poster's letters stay in their order";
    if (i % 10 == 0) {
      ASSERT_EQ(received[++at], expected + " and more") << "a letter's messages stay next to each other";
    }
  }
  EXPECT_EQ(hub.counters().get(base::Counter::published), kMessages);
}

TEST(HubThreads, AnIdIsAdmittedOnceWhoeverPostsItFirst) {
  Hub hub{HubOptions{}};
  net::Core core(0);
  ChannelTable table(core, hub, TableOptions{0}, nullptr);
  hub.add_core(core, table);
  test::Recorder client(table);
  client.join({"a"});
  std::vector<std::thread> posters;
  for (int poster = 0; poster < kPosters; ++poster) {
    posters.emplace_back([&hub] {
      for (int i = 0; i < 1000; ++i) hub.publish({test::stream_message("a", "x", std::to_string(i))});
    });
  }
  for (auto& poster : posters) poster.join();
  test::settle(core);
  EXPECT_EQ(client.received.size(), 1000u);
  EXPECT_EQ(hub.counters().get(base::Counter::duplicates), 1000u * (kPosters - 1));
}

}  // namespace
}  // namespace holdfast::channel
