// SPDX-License-Identifier: Apache-2.0
#include "hold/stream_hold.h"

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/fake_exchange.h"
#include "support/hold_bench.h"

namespace holdfast::hold {
namespace {

using test::close_message;
using test::FakeExchange;
using test::stream_message;

/// A hold whose initial response has been written.
class StreamHoldTest : public ::testing::Test {
 protected:
  static constexpr std::size_t kBuffer = 100;

  void make(SlowClient slow_client = SlowClient::close) {
    exchange_.reset();  // the hold that it owns refers to the bench
    bench_ =
        std::make_unique<test::HoldBench>(HoldOptions{.send_buffer_max_bytes = kBuffer, .slow_client = slow_client});
    exchange_ = std::make_unique<FakeExchange>();
    auto hold = std::make_unique<StreamHold>(bench_->holds, *exchange_, test::held_request());
    hold_ = hold.get();
    hold_->subscribe({"a", "b"});
    exchange_->set_handler(std::move(hold));
    exchange_->respond({}, {}, End::no);
  }
  void open(SlowClient slow_client = SlowClient::close) {
    make(slow_client);
    hold_->open();
  }
  void publish(std::string content, std::string channel = "a") {
    bench_->publish(stream_message(std::move(channel), std::move(content)));
  }
  /// Several in one turn.
  void publish_together(std::vector<NewMessageRef> messages) {
    bench_->hub.publish(std::move(messages));
    test::settle(bench_->core);
  }
  std::size_t channels() { return bench_->table.channels(); }
  std::uint64_t count(base::Counter counter) { return bench_->count(counter); }

  std::unique_ptr<test::HoldBench> bench_;
  std::unique_ptr<FakeExchange> exchange_;
  StreamHold* hold_ = nullptr;
};

TEST_F(StreamHoldTest, AppendsWhatIsPublished) {
  open();
  EXPECT_TRUE(exchange_->parked());
  publish("hello");
  publish("x", "b");
  publish("for others", "c");
  EXPECT_EQ(exchange_->framed(), "5\r\nhello\r\n1\r\nx\r\n");
  EXPECT_FALSE(exchange_->over());
  EXPECT_EQ(count(base::Counter::holds_stream), 1u);
}

TEST_F(StreamHoldTest, WritesRawToClientsWithoutChunks) {
  open();
  exchange_->form = Exchange::BodyForm::raw;
  publish_together({stream_message("a", "one"), stream_message("b", "two")});
  EXPECT_EQ(exchange_->framed(), "onetwo");
  EXPECT_EQ(exchange_->framed_writes(), 1) << "a burst is one write";
}

TEST_F(StreamHoldTest, PassesTheSharedBlocksOn) {
  open();
  auto message = stream_message("a", "shared");
  auto block = message->stream->block;
  bench_->publish(std::move(message));
  ASSERT_EQ(exchange_->framed_slices().size(), 1u);
  EXPECT_EQ(exchange_->framed_slices()[0].owner, block.get());
  EXPECT_EQ(exchange_->framed_slices()[0].data, block->view().data());
}

TEST_F(StreamHoldTest, WhatHasNoStreamPartIsNotWritten) {
  open();
  bench_->publish(test::response_message("a", "for polls"));
  publish("");
  EXPECT_EQ(exchange_->framed_writes(), 0);
}

TEST_F(StreamHoldTest, St3WhatIsPublishedBeforeItOpensIsNotLost) {
  make();
  publish("1");
  publish("2", "b");
  EXPECT_EQ(exchange_->framed_writes(), 0) << "the initial response goes first";
  hold_->open();
  EXPECT_EQ(exchange_->framed(), "1\r\n1\r\n1\r\n2\r\n");
  EXPECT_EQ(exchange_->framed_writes(), 1);
  publish("3");
  EXPECT_TRUE(exchange_->framed().ends_with("1\r\n3\r\n"));
}

TEST_F(StreamHoldTest, ACloseBeforeItOpensEndsItThen) {
  make();
  publish("1");
  bench_->publish(close_message("a"));
  publish("2");
  EXPECT_FALSE(exchange_->over());
  hold_->open();
  EXPECT_EQ(exchange_->framed(), "1\r\n1\r\n");
  EXPECT_TRUE(exchange_->over());
  EXPECT_FALSE(exchange_->aborted());
  EXPECT_EQ(exchange_->reason(), CloseReason::published);
}

TEST_F(StreamHoldTest, AClosePublishedEndsTheStream) {
  open();
  publish_together({stream_message("a", "1"), close_message("b"), stream_message("a", "2")});
  EXPECT_EQ(exchange_->framed(), "1\r\n1\r\n");
  EXPECT_TRUE(exchange_->over());
  EXPECT_EQ(exchange_->reason(), CloseReason::published);
  EXPECT_EQ(channels(), 0u);
  publish("3");
  EXPECT_EQ(exchange_->framed_writes(), 1);
}

TEST_F(StreamHoldTest, ItsEndLeavesTheChannels) {
  open();
  EXPECT_EQ(channels(), 2u);
  exchange_->set_handler(nullptr);
  exchange_->end_turn();
  EXPECT_EQ(channels(), 0u);
}

TEST_F(StreamHoldTest, AClientThatIsGoneLeavesAtOnce) {
  open();
  hold_->on_client_gone();
  EXPECT_EQ(channels(), 0u);
  publish("x");
  EXPECT_EQ(exchange_->framed_writes(), 0);
  test::pass_time(bench_->core, 600000);
  EXPECT_EQ(exchange_->framed_writes(), 0);
}

TEST_F(StreamHoldTest, ShutdownEndsItCleanly) {
  open();
  hold_->on_shutdown();
  EXPECT_TRUE(exchange_->over());
  EXPECT_FALSE(exchange_->aborted());
  EXPECT_EQ(exchange_->reason(), CloseReason::shutdown);
}

TEST_F(StreamHoldTest, ShutdownBeforeItOpensWaits) {
  make();
  hold_->on_shutdown();
  EXPECT_FALSE(exchange_->over()) << "the initial response is on its way";
}

TEST_F(StreamHoldTest, DescribesItself) {
  open();
  AccessNote note;
  hold_->describe(note);
  EXPECT_EQ(note.hold, "stream");
  EXPECT_EQ(note.route, "route-1");
  EXPECT_EQ(note.target, "/held?x=1");
}

// ------------------------------------------------------------------------------------------------- slow clients

TEST_F(StreamHoldTest, SlowClientIsClosedAtTheLimit) {
  open();
  exchange_->queued = kBuffer - 6;
  publish("x");  // 6 bytes as a chunk
  EXPECT_EQ(exchange_->framed_writes(), 1);
  exchange_->queued = kBuffer - 5;
  publish("x");
  EXPECT_EQ(exchange_->framed_writes(), 1);
  EXPECT_TRUE(exchange_->aborted()) << "the client must see a broken message";
  EXPECT_EQ(exchange_->reason(), CloseReason::slow_client);
  EXPECT_EQ(count(base::Counter::slow_clients_closed), 1u);
  EXPECT_EQ(channels(), 0u);
}

TEST_F(StreamHoldTest, SlowClientLosesMessagesWhereThatIsWanted) {
  open(SlowClient::drop);
  exchange_->queued = kBuffer - 8;
  // 10, 6 and 10 bytes as chunks: what fits is sent, each whole or not at all.
  publish_together({stream_message("a", "12345"), stream_message("a", "x"), stream_message("b", "67890")});
  EXPECT_EQ(exchange_->framed(), "1\r\nx\r\n");
  EXPECT_FALSE(exchange_->over());
  EXPECT_EQ(count(base::Counter::slow_clients_dropped), 2u);
  exchange_->queued = 0;
  publish("again");
  EXPECT_TRUE(exchange_->framed().ends_with("again\r\n"));
}

TEST_F(StreamHoldTest, AClientThatIsNotBehindTakesOneMessageOfAnySize) {
  open();
  publish(std::string(10 * kBuffer, 'x'));
  EXPECT_EQ(exchange_->framed_writes(), 1);
  EXPECT_FALSE(exchange_->over());
}

TEST_F(StreamHoldTest, ABurstOverTheLimitIsTakenMessageByMessage) {
  open();
  exchange_->answer = Written::queued;
  publish_together({stream_message("a", std::string(60, 'x')), stream_message("a", std::string(60, 'y'))});
  EXPECT_EQ(exchange_->framed(), "3c\r\n" + std::string(60, 'x') + "\r\n") << "then the client was behind";
  EXPECT_TRUE(exchange_->aborted());
}

TEST_F(StreamHoldTest, ABurstOverTheLimitThatEndsWithAClose) {
  open(SlowClient::drop);
  exchange_->queued = kBuffer;
  publish_together({stream_message("a", "lost"), close_message("a"), stream_message("a", "behind")});
  EXPECT_EQ(exchange_->framed(), "");
  EXPECT_TRUE(exchange_->over());
  EXPECT_FALSE(exchange_->aborted());
  EXPECT_EQ(count(base::Counter::slow_clients_dropped), 1u);
}

TEST_F(StreamHoldTest, WhatWaitsForTheOpeningIsBoundedToo) {
  make();
  publish(std::string(50, 'x'));
  publish(std::string(50, 'y'));
  EXPECT_TRUE(exchange_->aborted());
  EXPECT_EQ(exchange_->reason(), CloseReason::slow_client);
  EXPECT_EQ(channels(), 0u);
}

TEST_F(StreamHoldTest, WhatWaitsForTheOpeningIsDroppedWhereThatIsWanted) {
  make(SlowClient::drop);
  publish(std::string(50, 'x'));
  publish(std::string(50, 'y'));
  publish("z");
  EXPECT_FALSE(exchange_->over());
  EXPECT_EQ(count(base::Counter::slow_clients_dropped), 1u);
  hold_->open();
  EXPECT_EQ(exchange_->framed(), "32\r\n" + std::string(50, 'x') + "\r\n1\r\nz\r\n");
}

TEST_F(StreamHoldTest, ACloseIsNeverDropped) {
  make(SlowClient::drop);
  publish_together(
      {stream_message("a", std::string(2 * kBuffer, 'x')), stream_message("a", "lost"), close_message("b")});
  hold_->open();
  EXPECT_EQ(exchange_->framed(), "c8\r\n" + std::string(2 * kBuffer, 'x') + "\r\n");
  EXPECT_TRUE(exchange_->over());
}

TEST_F(StreamHoldTest, AWriteThatFailsIsTheSessionsBusiness) {
  open();
  exchange_->answer = Written::failed;
  publish("x");
  EXPECT_FALSE(exchange_->over());
}

// --------------------------------------------------------------------------------------------------- keep-alive

class KeepAliveTest : public StreamHoldTest {
 protected:
  void open_with(KeepAlive::Mode mode, int timeout_s, std::string content = "\n") {
    make();
    hold_->set_keep_alive(KeepAlive{mode, std::move(content), timeout_s});
    hold_->open();
  }
  /// Time goes on to so much after the opening.
  void at(base::Millis ms) { test::pass_time(bench_->core, ms - std::exchange(passed_, ms)); }

  base::Millis passed_ = 0;
};

TEST_F(KeepAliveTest, Ka1ComesBetweenASecondBeforeAndItsTime) {
  open_with(KeepAlive::Mode::interval, 20);
  for (int period = 1; period <= 5; ++period) {
    auto latest = passed_ + 20100;
    at(passed_ + 19000);
    EXPECT_EQ(exchange_->framed_writes(), period - 1);
    while (exchange_->framed_writes() < period && passed_ < latest) at(passed_ + 1);
    EXPECT_EQ(exchange_->framed_writes(), period);
  }
  EXPECT_TRUE(exchange_->framed().starts_with("1\r\n\n\r\n1\r\n"));
}

TEST_F(KeepAliveTest, Ka2IdleOnesComeWhenNothingElseDid) {
  open_with(KeepAlive::Mode::idle, 20);
  for (int i = 1; i <= 10; ++i) {
    at(i * 15000);
    publish("x");
  }
  EXPECT_EQ(exchange_->framed_writes(), 10) << "messages alone";
  at(150000 + 18900);
  EXPECT_EQ(exchange_->framed_writes(), 10);
  at(150000 + 20100);
  EXPECT_EQ(exchange_->framed_writes(), 11);
  at(150000 + 20100 + 20100);
  EXPECT_EQ(exchange_->framed_writes(), 12);
}

TEST_F(KeepAliveTest, Ka2IntervalOnesComeWhateverElseDid) {
  open_with(KeepAlive::Mode::interval, 20);
  for (int second = 1; second <= 150; ++second) {
    at(second * 1000);
    if (second % 15 == 0) publish("x");
  }
  EXPECT_GE(exchange_->framed_writes(), 10 + 7);
  EXPECT_LE(exchange_->framed_writes(), 10 + 8);
}

TEST_F(KeepAliveTest, IsRawWhereTheBodyIs) {
  open_with(KeepAlive::Mode::idle, 5, ": keep\n");
  exchange_->form = Exchange::BodyForm::raw;
  at(5100);
  EXPECT_EQ(exchange_->framed(), ": keep\n");
}

TEST_F(KeepAliveTest, Ka4NotWhileTheClientIsBehind) {
  open_with(KeepAlive::Mode::interval, 5);
  exchange_->queued = 1;
  at(5100);
  EXPECT_EQ(exchange_->framed(), "");
  exchange_->queued = 0;
  at(10200);
  EXPECT_EQ(exchange_->framed(), "1\r\n\n\r\n");
}

TEST_F(KeepAliveTest, EndsWithTheHold) {
  open_with(KeepAlive::Mode::idle, 5);
  bench_->publish(close_message("a"));
  at(60000);
  EXPECT_EQ(exchange_->framed(), "");
}

TEST_F(KeepAliveTest, NoneIsSentWhereNoneWasAskedFor) {
  make();
  hold_->set_keep_alive(KeepAlive{KeepAlive::Mode::interval, "x", 5});
  hold_->set_keep_alive(std::nullopt);
  hold_->open();
  at(600000);
  EXPECT_EQ(exchange_->framed(), "");
}

TEST_F(KeepAliveTest, SharesOneBlock) {
  open_with(KeepAlive::Mode::idle, 5);
  at(5100);
  ASSERT_EQ(exchange_->framed_slices().size(), 1u);
  EXPECT_EQ(exchange_->framed_slices()[0].owner, bench_->holds.keep_alive_block("\n").get());
}

TEST_F(StreamHoldTest, IsCountedWhileItIsThere) {
  open();
  auto& counters = bench_->core.counters();
  EXPECT_EQ(counters.get(base::Gauge::holds_stream), 1);
  EXPECT_EQ(counters.get(base::Gauge::subscriptions_stream), 2);
  EXPECT_EQ(counters.get(base::Gauge::channels), 2);
  exchange_->handler()->on_client_gone();
  EXPECT_EQ(counters.get(base::Gauge::subscriptions_stream), 0);
  EXPECT_EQ(counters.get(base::Gauge::channels), 0);
  exchange_.reset();
  EXPECT_EQ(counters.get(base::Gauge::holds_stream), 0);
}

TEST_F(StreamHoldTest, TellsOperatorsItsChannels) {
  open();
  HoldNote note;
  hold_->describe_hold(note);
  EXPECT_EQ(note.channels, (std::vector<std::string_view>{"a", "b"}));
}

TEST_F(StreamHoldTest, DismissedItEndsBehindTheLastWord) {
  open();
  auto farewell = stream_message("-", "bye");
  hold_->on_dismissed(farewell.get());
  EXPECT_EQ(exchange_->framed(), "3\r\nbye\r\n");
  EXPECT_TRUE(exchange_->over());
  EXPECT_EQ(exchange_->reason(), CloseReason::dismissed);
  EXPECT_EQ(channels(), 0u);
}

TEST_F(StreamHoldTest, DismissedWithoutAWordForStreams) {
  for (const auto& farewell : {NewMessageRef(), test::response_message("-", "no stream"), close_message("-")}) {
    open();
    hold_->on_dismissed(farewell.get());
    EXPECT_EQ(exchange_->framed(), "");
    EXPECT_TRUE(exchange_->over());
    EXPECT_FALSE(exchange_->aborted());
  }
}

TEST_F(StreamHoldTest, BeforeItOpensItCannotBeDismissed) {
  make();
  hold_->on_dismissed(nullptr);
  EXPECT_FALSE(exchange_->over()) << "the session ends it";
}

}  // namespace
}  // namespace holdfast::hold
