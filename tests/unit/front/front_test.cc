// SPDX-License-Identifier: Apache-2.0
#include "front/front.h"

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

const std::string kGet = "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n";

TEST(H1SessionSize, AParkedClientStaysSmall) {
  EXPECT_LE(sizeof(H1Session), 300u);
}

TEST(Front, SessionsDoNotMix) {
  FrontBench bench;
  std::vector<test::FrontClient> clients;
  for (int i = 0; i < 10; ++i) clients.push_back(bench.connect());
  // All heads arrive in pieces, in turns, through the one parser.
  for (std::size_t at = 0; at + 1 < kGet.size(); ++at) {
    for (auto& client : clients) bench.ask(client, kGet.substr(at, 1));
  }
  EXPECT_EQ(bench.requests(), 0u);
  for (auto& client : clients) EXPECT_EQ(bench.ask(client, kGet.substr(kGet.size() - 1)), kOk);
  EXPECT_EQ(bench.requests(), 10u);
}

TEST(Front, OverTheLimitClientsAreTurnedAway) {
  FrontOptions options;
  options.proxy_name = "edge";
  FrontBench bench(options, 2);
  auto one = bench.connect();
  auto two = bench.connect();
  auto three = bench.connect();
  auto answer = three.receive();
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 503 Service Unavailable\r\n"));
  auto body = answer.substr(answer.find("\r\n\r\n") + 4);
  EXPECT_EQ(body, "Too many connections\n");
  EXPECT_NE(answer.find("\r\nProxy-Status: edge; error=connection_limit_reached\r\n"), std::string::npos) << answer;
  EXPECT_NE(answer.find("Content-Length: " + std::to_string(body.size()) + "\r\n"), std::string::npos);
  three.receive();
  EXPECT_TRUE(three.ended());
  EXPECT_EQ(bench.front.sessions(), 2u);
  EXPECT_EQ(bench.count(base::Counter::clients_refused), 1u);
  EXPECT_EQ(bench.access.lines, std::vector<std::string>{"  503 0 refused limit"});
  one.close();
  bench.settle();
  EXPECT_EQ(bench.clients.now.load(), 1u);
  auto four = bench.connect();
  EXPECT_EQ(bench.ask(four, kGet), kOk);
}

TEST(Front, TheLimitIsOneForAllCores) {
  FrontBench bench({}, 1);
  net::Core other_core(1);
  Front other(other_core, {}, bench.acceptor, bench.clients);
  auto one = bench.connect();
  int fds[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
  other.accept(fds[0], {});
  EXPECT_EQ(other.sessions(), 0u);
  ::close(fds[1]);
}

TEST(Front, ItsEndEndsItsSessions) {
  FrontBench bench;
  bench.acceptor.at_end = nullptr;
  auto front = std::make_unique<Front>(bench.core, FrontOptions{}, bench.acceptor, bench.clients);
  int fds[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
  front->accept(fds[0], {});
  test::FrontClient client(fds[1]);
  bench.ask(client, kGet);
  ASSERT_EQ(bench.requests(), 1u);
  front.reset();
  EXPECT_TRUE(bench.request().handler_destroyed);
  client.receive();
  EXPECT_TRUE(client.ended());
}

TEST(Front, WithoutAnAccessLog) {
  FrontBench bench;
  Front front(bench.core, {}, bench.acceptor, bench.clients);
  int fds[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
  front.accept(fds[0], {});
  test::FrontClient client(fds[1]);
  EXPECT_EQ(bench.ask(client, kGet), kOk);
  EXPECT_TRUE(bench.access.lines.empty());
}

TEST(Front, ManyClientsComeAndGo) {
  FrontBench bench;
  for (int round = 0; round < 10; ++round) {
    std::vector<test::FrontClient> clients;
    for (int i = 0; i < 50; ++i) clients.push_back(bench.connect());
    for (auto& client : clients) client.send(kGet);
    bench.settle();
    for (auto& client : clients) ASSERT_EQ(client.receive(), kOk);
    EXPECT_EQ(bench.front.sessions(), 50u);
    clients.clear();
    bench.settle();
    EXPECT_EQ(bench.front.sessions(), 0u);
  }
  EXPECT_EQ(bench.access.lines.size(), 500u);
  EXPECT_EQ(bench.clients.now.load(), 0u);
}

}  // namespace
}  // namespace holdfast::front
