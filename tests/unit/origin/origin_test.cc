// SPDX-License-Identifier: Apache-2.0
// The pool of idle connections.
#include "origin/origin.h"

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/origin_bench.h"

namespace holdfast::origin {
namespace {

using test::OriginBench;
using test::OriginPeer;
using test::Requester;

constexpr std::string_view kAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// One request that has been answered.
std::unique_ptr<OriginConnection> answered(OriginBench& bench, Requester& requester,
                                           std::string_view answer = kAnswer) {
  auto connection = bench.request(requester);
  bench.peer.send(answer);
  EXPECT_TRUE(bench.wait_for([&] { return requester.over(); }));
  return connection;
}

TEST(Origins, TheSameObjectForTheSameIdentity) {
  OriginBench bench;
  auto& one = bench.origins.get({"a.test", 80, InternalAddresses::allowed});
  EXPECT_EQ(&one, &bench.origins.get({"a.test", 80, InternalAddresses::allowed}));
  EXPECT_NE(&one, &bench.origins.get({"a.test", 81, InternalAddresses::allowed}));
  EXPECT_NE(&one, &bench.origins.get({"b.test", 80, InternalAddresses::allowed}));
  EXPECT_NE(&one, &bench.origins.get({"a.test", 80, InternalAddresses::blocked}));
  EXPECT_EQ(one.id().host, "a.test");
}

TEST(Origin, AConnectionServesOneRequestAfterTheOther) {
  OriginBench bench;
  auto& origin = bench.origin();
  Requester first;
  EXPECT_EQ(origin.take_idle(first), nullptr);
  auto connection = answered(bench, first);
  EXPECT_FALSE(connection->reused());
  origin.give_back(std::move(connection));
  EXPECT_EQ(origin.idle(), 1u);
  for (int i = 0; i < 5; ++i) {
    Requester next;
    auto again = origin.take_idle(next);
    ASSERT_NE(again, nullptr);
    EXPECT_EQ(origin.idle(), 0u);
    EXPECT_TRUE(again->ready());
    bench.send(*again);
    EXPECT_TRUE(again->reused());
    EXPECT_FALSE(again->answered());
    bench.peer.send(kAnswer);
    ASSERT_TRUE(bench.wait_for([&] { return next.over(); }));
    EXPECT_EQ(next.text(), "response 200\ncomplete\n");
    EXPECT_TRUE(again->answered());
    origin.give_back(std::move(again));
  }
  EXPECT_FALSE(bench.server.accept()) << "one connection for all of them";
}

TEST(Origin, TheLastOneUsedIsUsedFirst) {
  OriginBench bench;
  auto& origin = bench.origin();
  Requester requesters[2];
  auto older = answered(bench, requesters[0]);
  auto older_peer = std::move(bench.peer);
  bench.peer = OriginPeer();
  auto newer = answered(bench, requesters[1]);
  const auto* expected = newer.get();
  origin.give_back(std::move(older));
  origin.give_back(std::move(newer));
  Requester next;
  EXPECT_EQ(origin.take_idle(next).get(), expected);
}

TEST(Origin, WhatCannotServeAgainIsClosed) {
  for (std::string_view answer :
       {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n", "garbage garbage"}) {
    OriginBench bench;
    Requester requester;
    bench.origin().give_back(answered(bench, requester, answer));
    EXPECT_EQ(bench.origin().idle(), 0u) << answer;
    EXPECT_TRUE(bench.wait_for([&] { return bench.peer.ended(); })) << answer;
  }
}

TEST(Origin, AnAnswerThatIsNotCompleteIsClosed) {
  OriginBench bench;
  Requester requester;
  auto connection = bench.request(requester);
  bench.peer.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc");
  ASSERT_TRUE(bench.wait_for([&] { return requester.body == "abc"; }));
  bench.origin().give_back(std::move(connection));
  EXPECT_EQ(bench.origin().idle(), 0u);
  bench.origin().give_back(nullptr);
}

TEST(Origin, ARequestThatIsNotCompleteIsClosed) {
  OriginBench bench;
  Requester requester;
  auto connection = bench.origin().connect(requester);
  ASSERT_TRUE(bench.wait_for([&] { return connection->ready(); }));
  bench.wait_for_peer();
  connection->begin(wire::ResponseParser::Method::other);
  Slice slice(OriginBench::kRequest);
  connection->send({&slice, 1});
  bench.peer.send(kAnswer);
  ASSERT_TRUE(bench.wait_for([&] { return requester.complete; }));
  bench.origin().give_back(std::move(connection));
  EXPECT_EQ(bench.origin().idle(), 0u);
}

TEST(Origin, AnIdleConnectionThatEndsLeavesThePool) {
  OriginBench bench;
  Requester requester;
  bench.origin().give_back(answered(bench, requester));
  bench.peer.close();
  EXPECT_TRUE(bench.wait_for([&] { return bench.origin().idle() == 0; }));
}

TEST(Origin, AnIdleConnectionThatSpeaksLeavesThePool) {
  OriginBench bench;
  Requester requester;
  bench.origin().give_back(answered(bench, requester));
  bench.peer.send("HTTP/1.1 408 Request Timeout\r\n\r\n");
  EXPECT_TRUE(bench.wait_for([&] { return bench.origin().idle() == 0; }));
  EXPECT_TRUE(bench.wait_for([&] { return bench.peer.ended(); }));
}

// Also where the core has not looked at its sockets yet.
TEST(Origin, WhatHasBecomeReadableIsNeverUsed) {
  for (bool speaks : {true, false}) {
    OriginBench bench;
    Requester requester;
    bench.origin().give_back(answered(bench, requester));
    test::settle(bench.core);
    if (speaks) {
      bench.peer.send("x");
    } else {
      bench.peer.close();
    }
    ASSERT_TRUE(test::has_events(bench.core, 10000));
    Requester next;
    EXPECT_EQ(bench.origin().take_idle(next), nullptr);
    EXPECT_EQ(bench.origin().idle(), 0u);
    EXPECT_TRUE(next.calls.empty());
  }
}

TEST(Origin, IdleConnectionsAreClosedInTime) {
  OriginOptions options;
  options.pool_idle_ms = 5000;
  OriginBench bench(options);
  Requester requester;
  bench.origin().give_back(answered(bench, requester));
  test::pass_time(bench.core, 4900);
  EXPECT_EQ(bench.origin().idle(), 1u);
  test::pass_time(bench.core, 200);
  EXPECT_EQ(bench.origin().idle(), 0u);
  EXPECT_TRUE(bench.wait_for([&] { return bench.peer.ended(); }));
}

TEST(Origin, ThePoolIsBounded) {
  OriginOptions options;
  options.pool_max_idle = 2;
  OriginBench bench(options);
  std::vector<OriginPeer> peers;
  std::vector<std::unique_ptr<OriginConnection>> connections;
  for (int i = 0; i < 3; ++i) {
    Requester requester;
    connections.push_back(answered(bench, requester));
    peers.push_back(std::move(bench.peer));
    bench.peer = OriginPeer();
  }
  for (auto& connection : connections) bench.origin().give_back(std::move(connection));
  EXPECT_EQ(bench.origin().idle(), 2u);
  EXPECT_TRUE(bench.wait_for([&] { return peers[2].ended(); }));
  EXPECT_FALSE(peers[0].ended() || peers[1].ended());
}

TEST(Origin, ABorrowedConnectionHasNoPoolClock) {
  OriginOptions options;
  options.pool_idle_ms = 1000;
  options.response_timeout_ms = 60000;
  OriginBench bench(options);
  Requester requester;
  bench.origin().give_back(answered(bench, requester));
  Requester next;
  auto connection = bench.origin().take_idle(next);
  ASSERT_NE(connection, nullptr);
  bench.send(*connection);
  test::pass_time(bench.core, 30000);
  EXPECT_TRUE(connection->ready());
  EXPECT_TRUE(next.calls.empty());
}

}  // namespace
}  // namespace holdfast::origin
