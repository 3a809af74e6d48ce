// SPDX-License-Identifier: Apache-2.0
#include "hold/hold.h"

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "support/fake_exchange.h"
#include "support/hold_bench.h"

namespace holdfast::hold {
namespace {

using Texts = std::vector<std::string>;

TEST(HeldRequest, KeepsTheRequestLine) {
  EXPECT_EQ(sizeof(HeldRequest), sizeof(void*));
  std::string target = "/a?b=c";
  HeldRequest request("POST", target, "a.test:8080", "the-route");
  target.assign("XXXXXX");
  EXPECT_EQ(request.target(), "/a?b=c");
  EXPECT_EQ(request.route_id(), "the-route");
  AccessNote note;
  request.describe(note);
  EXPECT_EQ(note.method, "POST");
  EXPECT_EQ(note.target, "/a?b=c");
  EXPECT_EQ(note.host, "a.test:8080");
  EXPECT_EQ(note.route, "the-route");
  EXPECT_EQ(note.hold, "");
}

TEST(HeldRequest, EmptyParts) {
  HeldRequest request("", "", "", "");
  EXPECT_EQ(request.target(), "");
  EXPECT_EQ(request.route_id(), "");
}

TEST(HeldRequest, KeepsTheMetaOfTheSession) {
  HeldRequest request("GET", "/", "a.test", "r", {{"user", "42"}, {"empty", ""}, {"nul", std::string("a\0b", 3)}});
  HoldNote note;
  request.describe(note);
  using Pair = std::pair<std::string_view, std::string_view>;
  EXPECT_EQ(note.meta, (std::vector<Pair>{{"empty", ""}, {"nul", {"a\0b", 3}}, {"user", "42"}}));
  EXPECT_EQ(request.route_id(), "r");
  HeldRequest("GET", "/", "a.test", "r").describe(note);
  EXPECT_EQ(note.meta.size(), 3u) << "there is none";
}

TEST(HeldRequest, AMethodThatIsNone) {
  std::string method(100000, 'M');
  HeldRequest request(method, "/t", "h", "r");
  AccessNote note;
  request.describe(note);
  EXPECT_EQ(note.method, method.substr(0, UINT16_MAX));
  EXPECT_EQ(note.target, "/t");
  EXPECT_EQ(note.host, "h");
}

TEST(HoldContext, KeepAliveBlocksAreSharedChunks) {
  test::HoldBench bench;
  auto block = bench.holds.keep_alive_block("\n");
  EXPECT_EQ(block->view(), "1\r\n\n\r\n");
  EXPECT_EQ(bench.holds.keep_alive_block("\n").get(), block.get());
  EXPECT_NE(bench.holds.keep_alive_block(": x\n").get(), block.get());
  EXPECT_EQ(bench.holds.keep_alive_block(std::string(300, 'k'))->view(), "12c\r\n" + std::string(300, 'k') + "\r\n");
}

TEST(HoldContext, KeepAliveBlocksDoNotPileUp) {
  test::HoldBench bench;
  auto first = bench.holds.keep_alive_block("0");
  for (int i = 1; i <= 5000; ++i) bench.holds.keep_alive_block(std::to_string(i));
  EXPECT_EQ(first->view(), "1\r\n0\r\n") << "who has one keeps it";
  EXPECT_NE(bench.holds.keep_alive_block("0").get(), first.get());
}

Instruct instruct(const Texts& channels) {
  Instruct instruct;
  for (const auto& name : channels) instruct.channels.push_back({.name = name});
  return instruct;
}

const test::FakeExchange kExchange;
const Asker kNobody{kExchange, "", "/"};

TEST(ChannelNames, PrefixAndOrder) {
  test::HoldBench bench;
  EXPECT_EQ(channel_names(bench.holds, instruct({"b", "a"}), "", {}, kNobody), (Texts{"b", "a"}));
  EXPECT_EQ(channel_names(bench.holds, instruct({"b", "a"}), "p-", {}, kNobody), (Texts{"p-b", "p-a"}));
  EXPECT_TRUE(channel_names(bench.holds, instruct({}), "p-", {}, kNobody).empty());
}

TEST(ChannelNames, DoublesCountOnce) {
  test::HoldBench bench;
  EXPECT_EQ(channel_names(bench.holds, instruct({"a", "b", "a"}), "p-", {"p-b", "c", "c"}, kNobody),
            (Texts{"p-a", "p-b", "c"}));
}

TEST(ChannelNames, TheChannelsOfTheTargetHaveNoPrefix) {
  test::HoldBench bench;
  EXPECT_EQ(channel_names(bench.holds, instruct({"a"}), "p-", {"sub"}, kNobody), (Texts{"p-a", "sub"}));
}

TEST(ChannelNames, TheRestIsCutAndCounted) {
  test::HoldBench bench({.subscriptions_max = 2});
  EXPECT_EQ(channel_names(bench.holds, instruct({"a", "b"}), "", {}, kNobody), (Texts{"a", "b"}));
  EXPECT_EQ(bench.count(base::Counter::channels_over_limit), 0u);
  EXPECT_EQ(channel_names(bench.holds, instruct({"a", "a", "b", "c", "a", "d"}), "", {"implicit"}, kNobody),
            (Texts{"a", "b", "implicit"}))
      << "what the target adds does not count";
  EXPECT_EQ(bench.count(base::Counter::channels_over_limit), 2u);
}

}  // namespace
}  // namespace holdfast::hold
