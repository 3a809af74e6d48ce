// SPDX-License-Identifier: Apache-2.0
#include "hold/response_hold.h"

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/fake_exchange.h"
#include "support/hold_bench.h"

namespace holdfast::hold {
namespace {

using test::FakeExchange;
using test::response_message;

class ResponseHoldTest : public ::testing::Test {
 protected:
  ResponseHoldTest() {
    auto hold = std::make_unique<ResponseHold>(bench_.holds, exchange_, test::held_request());
    hold_ = hold.get();
    hold_->subscribe({"a", "b"});
    exchange_.set_handler(std::move(hold));
  }

  void open(int timeout_s = 20) {
    static const std::vector<Field> fields{{"Content-Type", "text/plain"}, {"X-Origin", "o"}};
    hold_->open({{200, "OK"}, wire::HeaderBlock(fields), "nothing yet\n"}, timeout_s);
  }
  NewMessageRef item(ResponseFormat format, std::string channel = "a") {
    PublishItem item;
    item.channel = std::move(channel);
    item.response = std::move(format);
    return grip::encode_message(std::move(item));
  }
  void expect_answer(int status, const std::string& fields, const std::string& body, CloseReason reason) {
    ASSERT_TRUE(exchange_.head());
    EXPECT_EQ(exchange_.head()->status, status);
    EXPECT_EQ(exchange_.head()->fields_text(), fields);
    EXPECT_EQ(exchange_.head()->body_kind, BodyKind::sized);
    EXPECT_EQ(exchange_.head()->body_size, body.size());
    EXPECT_EQ(exchange_.body(), body);
    EXPECT_EQ(exchange_.reason(), reason);
    EXPECT_TRUE(exchange_.over());
    EXPECT_EQ(bench_.table.channels(), 0u);
  }

  test::HoldBench bench_;
  FakeExchange exchange_;
  ResponseHold* hold_ = nullptr;
};

const std::string kStored = "Content-Type: text/plain\nX-Origin: o\n";

TEST_F(ResponseHoldTest, Lp1NothingIsSentWhileItHolds) {
  open();
  EXPECT_TRUE(exchange_.parked());
  EXPECT_FALSE(exchange_.head());
  EXPECT_EQ(bench_.count(base::Counter::holds_response), 1u);
  AccessNote note;
  hold_->describe(note);
  EXPECT_EQ(note.hold, "response");
  EXPECT_EQ(note.method, "GET");
}

TEST_F(ResponseHoldTest, Lp2TheStoredResponseWhenTimeIsUp) {
  open(20);
  test::pass_time(bench_.core, 19999);
  EXPECT_FALSE(exchange_.head());
  test::pass_time(bench_.core, 101);
  expect_answer(200, kStored, "nothing yet\n", CloseReason::timeout);
}

TEST_F(ResponseHoldTest, TheShortestTimeIsASecond) {
  open(0);
  test::pass_time(bench_.core, 999);
  EXPECT_FALSE(exchange_.head());
  test::pass_time(bench_.core, 101);
  EXPECT_TRUE(exchange_.over());
}

TEST_F(ResponseHoldTest, Lp3ThePublishedResponseReplacesTheStoredOne) {
  open();
  bench_.publish(item({.code = 201,
                       .reason = "Made",
                       .headers = {{"content-type", "application/json"}, {"X-Pub", "1"}, {"X-Pub", "2"}},
                       .body = "{}"}));
  expect_answer(201, "X-Origin: o\ncontent-type: application/json\nX-Pub: 1\nX-Pub: 2\n", "{}", CloseReason::published);
  EXPECT_EQ(exchange_.head()->reason, "Made");
}

TEST_F(ResponseHoldTest, AnEmptyBodyIsAnAnswerToo) {
  open();
  bench_.publish(response_message("b", ""));
  expect_answer(200, kStored, "", CloseReason::published);
}

TEST_F(ResponseHoldTest, Lp4OnlyExposedFieldsReachTheClient) {
  open();
  bench_.publish(item({.reason = "OK",
                       .headers = {{"X-Pub", "1"}, {"X-Hidden", "2"}},
                       .expose = std::vector<std::string>{"x-pub", "CONTENT-TYPE"}}));
  expect_answer(200, "Content-Type: text/plain\nX-Pub: 1\n", "", CloseReason::published);
}

TEST_F(ResponseHoldTest, Lp6OnlyTheFirstMessageMatters) {
  open();
  bench_.hub.publish({response_message("b", "first"), response_message("a", "second")});
  test::settle(bench_.core);
  bench_.publish(response_message("a", "third"));
  expect_answer(200, kStored, "first", CloseReason::published);
}

TEST_F(ResponseHoldTest, WhatIsNotForItDoesNotEndIt) {
  open();
  bench_.publish(test::stream_message("a", "for streams"));
  bench_.publish(test::close_message("a"));
  bench_.publish(item({.action = Action::hint}));
  bench_.publish(response_message("c", "for others"));
  EXPECT_FALSE(exchange_.head());
  bench_.publish(response_message("a", "x"));
  expect_answer(200, kStored, "x", CloseReason::published);
}

TEST_F(ResponseHoldTest, AHintBeforeTheAnswerInOneTurn) {
  open();
  bench_.hub.publish({item({.action = Action::hint}), response_message("a", "x")});
  test::settle(bench_.core);
  expect_answer(200, kStored, "x", CloseReason::published);
}

TEST_F(ResponseHoldTest, WhatIsPublishedBeforeItOpensIsTheAnswer) {
  bench_.publish(item({.action = Action::hint}));
  bench_.publish(response_message("a", "early"));
  bench_.publish(response_message("a", "later"));
  EXPECT_FALSE(exchange_.head());
  open();
  expect_answer(200, kStored, "early", CloseReason::published);
}

TEST_F(ResponseHoldTest, AClientThatIsGoneLeavesAtOnce) {
  open();
  hold_->on_client_gone();
  EXPECT_EQ(bench_.table.channels(), 0u);
  bench_.publish(response_message("a", "x"));
  test::pass_time(bench_.core, 60000);
  hold_->on_shutdown();
  EXPECT_FALSE(exchange_.head());
}

TEST_F(ResponseHoldTest, ShutdownAnswersWhatIsStored) {
  open();
  hold_->on_shutdown();
  expect_answer(200, kStored, "nothing yet\n", CloseReason::shutdown);
}

TEST_F(ResponseHoldTest, ShutdownBeforeItOpensWaitsForTheOrigin) {
  hold_->on_shutdown();
  EXPECT_FALSE(exchange_.head());
}

TEST_F(ResponseHoldTest, ItsEndLeavesTheChannels) {
  EXPECT_EQ(bench_.table.channels(), 2u);
  exchange_.set_handler(nullptr);
  exchange_.end_turn();
  EXPECT_EQ(bench_.table.channels(), 0u);
}

TEST_F(ResponseHoldTest, DismissedItAnswersWithTheLastWord) {
  open();
  EXPECT_EQ(bench_.core.counters().get(base::Gauge::holds_response), 1);
  auto farewell = item({.code = 403, .reason = "Forbidden", .body = "logged out"}, "-");
  hold_->on_dismissed(farewell.get());
  expect_answer(403, "Content-Type: text/plain\nX-Origin: o\n", "logged out", CloseReason::dismissed);
  exchange_.end_turn();
  EXPECT_EQ(bench_.core.counters().get(base::Gauge::holds_response), 0);
}

TEST_F(ResponseHoldTest, DismissedWithoutAWordItAnswersAsTheOriginDid) {
  open();
  auto farewell = test::stream_message("-", "no response");
  hold_->on_dismissed(farewell.get());
  expect_answer(200, "Content-Type: text/plain\nX-Origin: o\n", "nothing yet\n", CloseReason::dismissed);
}

}  // namespace
}  // namespace holdfast::hold
