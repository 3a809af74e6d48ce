// SPDX-License-Identifier: Apache-2.0
#include "demo/demo_state.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"

namespace holdfast::demo {
namespace {

using base::Json;
using testing::ElementsAre;
using testing::Pair;

Json parsed(const DemoState& state) {
  return Json::parse(state.to_json());
}

TEST(DemoState, BeginsEmptyAtVersionZero) {
  DemoState state;
  EXPECT_EQ(state.version(), 0u);
  EXPECT_EQ(state.to_json(), R"({"counter":0,"messages":[],"version":0})");
}

TEST(DemoState, EveryChangeIsAVersionOfItsOwn) {
  DemoState state;
  state.increment();
  EXPECT_EQ(state.version(), 1u);
  ASSERT_TRUE(state.add_message("hello"));
  EXPECT_EQ(state.version(), 2u);
  state.increment();
  EXPECT_EQ(state.to_json(), R"({"counter":2,"messages":[{"text":"hello","version":2}],"version":3})");
}

TEST(DemoState, ARefusedMessageChangesNothing) {
  DemoState state;
  for (const auto* body : {"", "\n", "\r\n\r\n"}) {
    auto added = state.add_message(body);
    ASSERT_FALSE(added) << body;
    EXPECT_EQ(added.error().status, 400);
  }
  auto not_text = state.add_message("caf\xe9");
  ASSERT_FALSE(not_text);
  EXPECT_EQ(not_text.error().status, 400);
  auto too_long = state.add_message(std::string(DemoState::kMaxMessageBytes + 1, 'x'));
  ASSERT_FALSE(too_long);
  EXPECT_EQ(too_long.error().status, 413);
  EXPECT_EQ(too_long.error().what, "the message has 501 bytes, 500 are allowed");
  EXPECT_EQ(state.version(), 0u);
}

TEST(DemoState, TakesALineWithItsEndAndTheLongestMessage) {
  DemoState state;
  ASSERT_TRUE(state.add_message("hello\r\n"));
  ASSERT_TRUE(state.add_message(std::string(DemoState::kMaxMessageBytes, 'x') + "\n"));
  EXPECT_EQ(parsed(state)["messages"][0]["text"], "hello");
}

TEST(DemoState, KeepsTheLastMessages) {
  DemoState state;
  for (std::size_t i = 1; i <= DemoState::kMaxMessages + 2; ++i) ASSERT_TRUE(state.add_message(std::to_string(i)));
  auto messages = parsed(state)["messages"];
  ASSERT_EQ(messages.size(), DemoState::kMaxMessages);
  EXPECT_EQ(messages.front()["text"], "3");
  EXPECT_EQ(messages.back()["text"], "22");
}

TEST(DemoState, AnEventIsOneLineOfDataWhateverTheMessageSays) {
  DemoState state;
  ASSERT_TRUE(state.add_message("one\ndata: two\n\nevent: three \"four\""));
  auto event = state.to_event();
  std::string head = "id: 1\nevent: state\ndata: ";
  ASSERT_EQ(event.substr(0, head.size()), head);
  EXPECT_EQ(event.substr(head.size()), state.to_json() + "\n\n");
  EXPECT_EQ(state.to_json().find('\n'), std::string::npos);
  EXPECT_EQ(parsed(state)["messages"][0]["text"], "one\ndata: two\n\nevent: three \"four\"");
}

TEST(DemoState, AnItemIsForStreamsAndLongPolls) {
  DemoState state;
  state.increment();
  auto item = state.to_item();
  EXPECT_EQ(item.channel, "demo");
  ASSERT_TRUE(item.stream);
  EXPECT_EQ(item.stream->content, state.to_event());
  ASSERT_TRUE(item.response);
  EXPECT_EQ(item.response->code, 200);
  EXPECT_EQ(item.response->reason, "OK");
  EXPECT_THAT(item.response->headers, ElementsAre(Header{"Content-Type", "application/json"}));
  EXPECT_EQ(item.response->body, state.to_json() + "\n");
  EXPECT_FALSE(item.ws);
}

/// The state of a long-poll must fit the body of an instruct response (proxy.instruct_max_bytes).
TEST(DemoState, StaysSmallWhateverIsInIt) {
  DemoState state;
  for (std::size_t i = 0; i < DemoState::kMaxMessages; ++i) {
    ASSERT_TRUE(state.add_message(std::string(DemoState::kMaxMessageBytes, '\x01')));
  }
  EXPECT_LT(state.to_json().size(), 100000u);
}

}  // namespace
}  // namespace holdfast::demo
