// SPDX-License-Identifier: Apache-2.0
// Bytes sent, received and waiting, as sessions count them.
#include "front/flow_account.h"

#include <string>

#include <gtest/gtest.h>

#include "front/h1_session.h"
#include "support/front_bench.h"

namespace holdfast::front {
namespace {

using test::FrontBench;
using test::SeenRequest;

const std::string kGet = "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n";

struct Flow {
  Flow() {
    bench.acceptor.at_end = [this](SeenRequest& request) { FrontBench::reply(request, body); };
  }
  std::uint64_t sent() { return bench.count(base::Counter::bytes_sent); }
  std::int64_t waiting() { return bench.core.counters().get(base::Gauge::send_queue_bytes); }

  FrontBench bench;
  std::string body = "ok";
};

TEST(FlowAccount, SmallAnswers) {
  Flow flow;
  auto client = flow.bench.connect();
  auto answer = flow.bench.ask(client, kGet + kGet);
  EXPECT_EQ(flow.sent(), answer.size());
  EXPECT_EQ(flow.bench.count(base::Counter::bytes_received), 2 * kGet.size());
  EXPECT_EQ(flow.waiting(), 0);
}

TEST(FlowAccount, WhatWaitsIsNotSentYet) {
  Flow flow;
  flow.body.assign(5'000'000, 'x');
  auto client = flow.bench.connect();
  client.send(kGet);
  flow.bench.settle();
  auto all = flow.sent() + static_cast<std::uint64_t>(flow.waiting());
  EXPECT_GT(flow.waiting(), 1'000'000);
  EXPECT_GT(flow.sent(), 0u);
  std::size_t received = 0;
  while (flow.waiting() > 0) {
    received += client.receive().size();
    flow.bench.settle();
    ASSERT_EQ(flow.sent() + static_cast<std::uint64_t>(flow.waiting()), all);
  }
  received += client.receive().size();
  EXPECT_EQ(received, all);
  EXPECT_EQ(flow.sent(), all);
}

TEST(FlowAccount, WhatIsThrownAwayWaitsNoMoreAndWasNotSent) {
  for (bool abort : {false, true}) {
    Flow flow;
    flow.body.assign(5'000'000, 'x');
    flow.bench.acceptor.at_end = [&flow](SeenRequest& request) {
      Slice slice{std::string_view(flow.body)};
      request.exchange->respond({.status = 200, .reason = "OK"}, {&slice, 1}, End::no);
    };
    auto client = flow.bench.connect();
    client.send("GET /1 HTTP/1.0\r\n\r\n");
    flow.bench.settle();
    auto sent = flow.sent();
    EXPECT_GT(flow.waiting(), 0);
    if (abort) {
      flow.bench.request().exchange->abort(CloseReason::slow_client);
    } else {
      client.close();
    }
    flow.bench.settle();
    EXPECT_EQ(flow.waiting(), 0);
    EXPECT_EQ(flow.sent(), sent);
  }
}

TEST(FlowAccount, Refusals) {
  Flow flow;
  auto client = flow.bench.connect();
  auto answer = flow.bench.ask(client, "nonsense\r\n\r\n");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 400 "));
  EXPECT_EQ(flow.sent(), answer.size());
}

}  // namespace
}  // namespace holdfast::front
