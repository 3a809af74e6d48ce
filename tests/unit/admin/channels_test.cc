// SPDX-License-Identifier: Apache-2.0
#include "admin/channels.h"

#include <list>
#include <string>

#include <fmt/core.h>
#include <gtest/gtest.h>

#include "support/admin_bench.h"
#include "support/recorder.h"

namespace holdfast::admin {
namespace {

using channel::Transport;
using test::AdminBench;

class AdminChannels : public ::testing::Test {
 protected:
  void join(unsigned core, const std::vector<std::string>& names, Transport transport = Transport::stream) {
    listeners_.emplace_back(bench_.parts[core]->table).join(names, transport);
  }
  std::string names(std::string_view query) {
    std::string all;
    auto page = bench_.json("/channels" + std::string(query));
    for (const auto& channel : page["channels"]) all += channel["name"].get<std::string>() + " ";
    return all + (page["cursor"].is_null() ? "" : "…");
  }

  AdminBench bench_;
  std::list<test::Recorder> listeners_;
};

TEST_F(AdminChannels, AreSummedOverTheCores) {
  join(0, {"a", "b"});
  join(1, {"a"});
  join(2, {"a"}, Transport::response);
  EXPECT_EQ(bench_.json("/channels").dump(), R"({"channels":[{"name":"a","subscribers":{"response":1,"stream":2}},)"
                                             R"({"name":"b","subscribers":{"response":0,"stream":1}}],"cursor":null})");
  EXPECT_EQ(bench_.json("/channels/a").dump(), R"({"name":"a","subscribers":{"response":1,"stream":2}})");
  EXPECT_EQ(bench_.answer("GET", "/channels/c"), "404 {\"error\":\"nobody is subscribed to this channel\"}\n");
}

TEST_F(AdminChannels, ByPrefix) {
  join(0, {"a-1", "b-1", "a-2", "a"});
  EXPECT_EQ(names("?prefix=a-"), "a-1 a-2 ");
  EXPECT_EQ(names("?prefix=a"), "a a-1 a-2 ");
  EXPECT_EQ(names("?prefix=c"), "");
}

TEST_F(AdminChannels, PagesAreStableWhileChannelsComeAndGo) {
  join(0, {"a", "d"});
  join(1, {"b"});
  join(2, {"c", "e"});
  EXPECT_EQ(names("?limit=2"), "a b …");
  auto cursor = bench_.json("/channels?limit=2")["cursor"].get<std::string>();
  join(1, {"aa", "cc"});
  listeners_.front().leave();  // a and d
  EXPECT_EQ(names("?limit=2&cursor=" + cursor), "c cc …");
  EXPECT_EQ(names("?limit=3&cursor=" + cursor), "c cc e ") << "a page that ends with the list has no cursor";
}

TEST_F(AdminChannels, ManyInSlices) {
  std::vector<std::string> all;
  std::string wanted;
  for (int i = 0; i < 5000; ++i) all.push_back(fmt::format("c{:04}", i));
  for (unsigned core = 0; core < 3; ++core) join(core, all);
  for (int i = 0; i < 100; ++i) wanted += all[static_cast<std::size_t>(i)] + " ";
  EXPECT_EQ(names(""), wanted + "…");
}

TEST_F(AdminChannels, AChannelThatEndsInTheMiddleOfAWalk) {
  join(0, {"a"});
  join(0, {"b"});
  channel::ChannelTable::Walk walk(bench_.parts[0]->table);
  EXPECT_EQ(walk.next()->name, "a");
  listeners_.clear();
  EXPECT_FALSE(walk.next());
}

TEST_F(AdminChannels, NamesThatAreNoUtf8) {
  join(0, {"\xff", "\xfe/\xfb\xff"});
  auto page = bench_.json("/channels?limit=1");
  EXPECT_EQ(names("?limit=1&cursor=" + page["cursor"].get<std::string>()), "\xef\xbf\xbd ");
  EXPECT_EQ(bench_.json("/channels/%FF")["subscribers"]["stream"], 1);
}

}  // namespace
}  // namespace holdfast::admin
