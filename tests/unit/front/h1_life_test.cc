// SPDX-License-Identifier: Apache-2.0
// How a session and its exchanges end: time-outs, clients that leave, shutdown.
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "front/h1_session.h"
#include "support/front_bench.h"

namespace holdfast::front {
namespace {

using test::FrontBench;
using test::kOk;
using test::SeenRequest;

const std::string kGet = "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n";

FrontOptions times() {
  FrontOptions options;
  options.header_timeout_ms = 1000;
  options.idle_timeout_ms = 3000;
  options.keepalive_timeout_ms = 5000;
  return options;
}

/// A request is under way and nobody answers it.
struct Waiting {
  Waiting() : bench(times()), client(bench.connect()) {
    bench.acceptor.at_end = nullptr;
    bench.ask(client, kGet);
  }
  FrontBench bench;
  test::FrontClient client;
};

TEST(H1Life, AnIdleConnectionClosesWithoutAWord) {
  FrontBench bench(times());
  auto fresh = bench.connect();
  auto used = bench.connect();
  EXPECT_EQ(bench.ask(used, kGet), kOk);
  test::pass_time(bench.core, 4900);
  EXPECT_EQ(bench.front.sessions(), 2u);
  EXPECT_EQ(bench.ask(used, kGet), kOk) << "its time begins anew";
  test::pass_time(bench.core, 200);
  EXPECT_EQ(bench.front.sessions(), 1u);
  EXPECT_EQ(fresh.receive(), "");
  EXPECT_TRUE(fresh.ended());
  test::pass_time(bench.core, 4900);
  EXPECT_EQ(bench.front.sessions(), 0u);
  EXPECT_EQ(bench.access.lines.size(), 2u);
}

TEST(H1Life, AHeaderThatDoesNotArriveInTime) {
  FrontBench bench(times());
  auto client = bench.connect();
  test::pass_time(bench.core, 3000);
  bench.ask(client, "GET / HTTP/1.1\r\n");
  test::pass_time(bench.core, 600);
  bench.ask(client, "Host: a\r\n");
  test::pass_time(bench.core, 300);
  EXPECT_EQ(client.receive(), "");
  test::pass_time(bench.core, 200);
  EXPECT_TRUE(client.receive().starts_with("HTTP/1.1 408 Request Timeout\r\n")) << "a second from its first byte";
  EXPECT_EQ(bench.access.lines.at(0), "  408 0 refused request-timeout");
  client.half_close();
  bench.settle();
  EXPECT_EQ(bench.front.sessions(), 0u);
}

TEST(H1Life, ABodyThatStopsArriving) {
  FrontBench bench(times());
  auto client = bench.connect();
  bench.ask(client, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n");
  for (int i = 0; i < 4; ++i) {
    test::pass_time(bench.core, 2800);
    bench.ask(client, "x");
  }
  EXPECT_EQ(bench.request().body, "xxxx") << "slow, but going on";
  test::pass_time(bench.core, 3100);
  EXPECT_TRUE(client.receive().starts_with("HTTP/1.1 408 Request Timeout\r\n"));
  EXPECT_TRUE(bench.request().gone);
  EXPECT_TRUE(bench.request().handler_destroyed);
}

TEST(H1Life, ABodyThatNobodyWantsNowHasNoTimeLimit) {
  FrontBench bench(times());
  bench.acceptor.at_head = [](SeenRequest& request) { request.exchange->pause_request_body(); };
  auto client = bench.connect();
  bench.ask(client, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n");
  test::pass_time(bench.core, 100000);
  EXPECT_FALSE(bench.request().gone);
  bench.request().exchange->resume_request_body();
  test::pass_time(bench.core, 3100);
  EXPECT_TRUE(bench.request().gone);
}

TEST(H1Life, AnAnswerMayTakeItsTime) {
  Waiting waiting;
  test::pass_time(waiting.bench.core, 1000000);
  EXPECT_FALSE(waiting.bench.request().gone);
  FrontBench::reply(waiting.bench.request(), "ok");
  EXPECT_EQ(waiting.client.receive(), kOk);
}

TEST(H1Life, AClientThatLeavesIsNoticedAtOnce) {
  Waiting waiting;
  waiting.client.close();
  waiting.bench.settle();
  EXPECT_TRUE(waiting.bench.request().gone);
  EXPECT_TRUE(waiting.bench.request().handler_destroyed);
  EXPECT_EQ(waiting.bench.front.sessions(), 0u);
  EXPECT_EQ(waiting.bench.clients.now.load(), 0u);
  EXPECT_EQ(waiting.bench.access.lines.at(0), "GET /1 0 0 client-gone");
}

TEST(H1Life, AClientThatLeavesWithUnreadInputIsNoticedToo) {
  Waiting waiting;
  waiting.client.send(kGet);
  waiting.bench.settle();
  waiting.client.close();
  waiting.bench.settle();
  EXPECT_TRUE(waiting.bench.request().gone);
  EXPECT_EQ(waiting.bench.requests(), 1u);
  EXPECT_EQ(waiting.bench.front.sessions(), 0u);
}

TEST(H1Life, AParkedClientThatLeavesIsNoticed) {
  Waiting waiting;
  auto& exchange = *waiting.bench.request().exchange;
  exchange.respond({.reason = "OK"}, {}, End::no);
  exchange.park();
  waiting.bench.settle();
  test::pass_time(waiting.bench.core, 1000000);
  EXPECT_FALSE(waiting.bench.request().gone);
  waiting.client.close();
  waiting.bench.settle();
  EXPECT_TRUE(waiting.bench.request().gone);
}

TEST(H1Life, AClientThatLeavesBetweenOrInsideHeads) {
  FrontBench bench;
  auto one = bench.connect();
  auto two = bench.connect();
  bench.ask(two, "GET / HT");
  one.close();
  two.close();
  bench.settle();
  EXPECT_EQ(bench.front.sessions(), 0u);
  EXPECT_EQ(bench.requests(), 0u);
}

TEST(H1Life, AClientThatLeavesInsideABody) {
  FrontBench bench;
  auto client = bench.connect();
  bench.ask(client, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx");
  client.close();
  bench.settle();
  EXPECT_TRUE(bench.request().gone);
  EXPECT_FALSE(bench.request().complete);
  EXPECT_EQ(bench.front.sessions(), 0u);
}

TEST(H1Life, AnAnswerIsReadBeforeTheConnectionIsReset) {
  // The request's body is still coming when it is answered: what arrives is thrown away until the client has closed.
  FrontBench bench(times());
  bench.acceptor.at_head = [](SeenRequest& request) { FrontBench::reply(request, "no"); };
  auto client = bench.connect();
  auto answer = bench.ask(client, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nx");
  EXPECT_EQ(answer, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno");
  EXPECT_TRUE(client.ended());
  EXPECT_EQ(bench.front.sessions(), 1u) << "it lingers";
  client.send(std::string(50000, 'x'));
  bench.settle();
  EXPECT_EQ(bench.front.sessions(), 1u);
  client.close();
  bench.settle();
  EXPECT_EQ(bench.front.sessions(), 0u);
}

TEST(H1Life, ALingeringConnectionIsClosedAfterAWhile) {
  FrontBench bench;
  bench.acceptor.at_head = [](SeenRequest& request) { FrontBench::reply(request, "no"); };
  auto client = bench.connect();
  bench.ask(client, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nx");
  test::pass_time(bench.core, 1900);
  EXPECT_EQ(bench.front.sessions(), 1u);
  test::pass_time(bench.core, 200);
  EXPECT_EQ(bench.front.sessions(), 0u);
}

TEST(H1Life, ConnectionCloseIsObeyed) {
  FrontBench bench;
  auto client = bench.connect();
  EXPECT_EQ(bench.ask(client, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" + kGet),
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
  EXPECT_TRUE(client.ended());
  EXPECT_EQ(bench.requests(), 1u) << "what is pipelined behind it is not answered";
}

TEST(H1Life, HandlersAreReplacedAtTheEndOfTheTurn) {
  struct Next final : ExchangeHandler {
    explicit Next(bool& flag) : destroyed(flag) {}
    ~Next() override { destroyed = true; }
    void on_request_body(std::string_view, End) override {}
    bool& destroyed;
  };
  Waiting waiting;
  bool destroyed = false;
  auto& seen = waiting.bench.request();
  seen.exchange->set_handler(std::make_unique<Next>(destroyed));
  EXPECT_FALSE(seen.handler_destroyed);
  waiting.bench.settle();
  EXPECT_TRUE(seen.handler_destroyed);
  EXPECT_FALSE(destroyed);
  waiting.client.close();
  waiting.bench.settle();
  EXPECT_TRUE(destroyed);
}

TEST(H1Life, ConnectionIds) {
  Waiting waiting;
  auto id = waiting.bench.request().exchange->connection_id();
  EXPECT_NE(id.find(':'), std::string::npos);
  EXPECT_EQ(waiting.bench.request().exchange->peer().text(), "192.0.2.1");
  auto other = waiting.bench.connect();
  waiting.bench.ask(other, kGet);
  EXPECT_NE(waiting.bench.request(1).exchange->connection_id(), id);
}

// ------------------------------------------------------------------------------------------------------ shutdown

TEST(H1Life, ShutdownClosesIdleConnections) {
  FrontBench bench;
  auto fresh = bench.connect();
  auto used = bench.connect();
  bench.ask(used, kGet);
  bench.front.begin_drain();
  bench.front.send_away(100);
  bench.settle();
  EXPECT_TRUE(bench.front.draining());
  EXPECT_EQ(bench.front.sessions(), 0u);
}

TEST(H1Life, ShutdownLetsRequestsFinishAsTheLastOfTheirConnection) {
  Waiting waiting;
  waiting.client.send(kGet);
  waiting.bench.front.begin_drain();
  waiting.bench.front.send_away(100);
  waiting.bench.settle();
  EXPECT_TRUE(waiting.bench.request().shutdown);
  EXPECT_EQ(waiting.bench.front.sessions(), 1u);
  FrontBench::reply(waiting.bench.request(), "ok");
  waiting.bench.settle();
  EXPECT_EQ(waiting.client.receive(), "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
  EXPECT_TRUE(waiting.client.ended());
  EXPECT_EQ(waiting.bench.requests(), 1u);
}

TEST(H1Life, ShutdownReachesHoldsThatBeginBehindIt) {
  Waiting waiting;
  waiting.bench.front.begin_drain();
  waiting.bench.front.send_away(100);
  auto& seen = waiting.bench.request();
  seen.shutdown = false;
  seen.exchange->respond({.reason = "OK"}, {}, End::no);
  seen.exchange->park();
  waiting.bench.settle();
  EXPECT_TRUE(seen.shutdown);
}

TEST(H1Life, ShutdownInsideAHead) {
  FrontBench bench;
  auto client = bench.connect();
  bench.ask(client, kGet.substr(0, 10));
  bench.front.begin_drain();
  bench.front.send_away(100);
  bench.settle();
  EXPECT_EQ(bench.ask(client, kGet.substr(10)), "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
  EXPECT_TRUE(client.ended());
}

TEST(H1Life, DismissedWhereverItIs) {
  FrontBench bench(times());
  auto idle = bench.connect();
  auto incomplete = bench.connect();
  bench.ask(incomplete, "GET /");
  bench.acceptor.at_end = nullptr;
  auto busy = bench.connect();
  bench.ask(busy, kGet);
  {
    Front::Walk walk(bench.front);
    while (auto* session = walk.next()) EXPECT_TRUE(session->dismiss(nullptr));
  }
  bench.settle();
  for (auto* client : {&idle, &incomplete, &busy}) {
    EXPECT_EQ(client->receive(), "");
    EXPECT_TRUE(client->ended());
  }
  EXPECT_TRUE(bench.request().gone);
  EXPECT_EQ(bench.front.sessions(), 0u);
  EXPECT_EQ(bench.access.lines, std::vector<std::string>{"GET /1 0 0 dismissed"});
}

TEST(H1Life, DismissedOnce) {
  FrontBench bench(times());
  auto client = bench.connect();
  bench.acceptor.at_end = [](SeenRequest& request) {
    request.exchange->respond({.status = 200, .reason = "OK"}, {}, End::no);
  };
  bench.ask(client, kGet);
  bench.request().exchange->park();
  Front::Walk walk(bench.front);
  auto* session = walk.next();
  EXPECT_TRUE(session->dismiss(nullptr));
  EXPECT_FALSE(session->dismiss(nullptr));
  bench.settle();
  EXPECT_TRUE(client.receive().find("0\r\n\r\n") == std::string::npos) << "no clean end that nobody has written";
}

}  // namespace
}  // namespace holdfast::front
