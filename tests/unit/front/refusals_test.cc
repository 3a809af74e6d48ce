// SPDX-License-Identifier: Apache-2.0
#include "front/refusals.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "support/front_bench.h"

namespace holdfast::front {
namespace {

using test::FrontBench;
using test::FrontClient;

/// A descriptor for the front, and the client at its other end.
std::pair<int, FrontClient> make_pair_of_sockets() {
  int fds[2];
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
  return {fds[0], FrontClient(fds[1])};
}

class RefusalsTest : public ::testing::Test {
 protected:
  RefusalsTest() { test::stop_clock(core); }
  FrontClient send_away(Refusals::Linger linger, std::string_view sent_before = {}) {
    auto [fd, client] = make_pair_of_sockets();
    if (!sent_before.empty()) client.send(sent_before);
    refusals.send_away(fd, "go away", linger);
    test::settle(core);
    return std::move(client);
  }
  /// Whether our end is still open.
  static bool open(FrontClient& client) { return ::send(client.fd(), "x", 1, MSG_NOSIGNAL) == 1; }

  net::Core core{0};
  Refusals refusals{core};
};

TEST_F(RefusalsTest, TheAnswerAndThenTheEnd) {
  auto client = send_away(Refusals::Linger::yes);
  EXPECT_EQ(client.receive(), "go away");
  EXPECT_TRUE(client.ended());
  EXPECT_TRUE(open(client)) << "it is listened to until it closes";
  client.close();
  test::settle(core);
}

TEST_F(RefusalsTest, ItIsListenedToForAMoment) {
  auto client = send_away(Refusals::Linger::yes, "GET / HTTP/1.1\r\n");
  EXPECT_TRUE(open(client));
  test::pass_time(core, 1900);
  EXPECT_TRUE(open(client));
  test::pass_time(core, 300);
  EXPECT_FALSE(open(client));
}

TEST_F(RefusalsTest, NotToAnUpload) {
  auto client = send_away(Refusals::Linger::yes);
  std::string part(30000, 'x');
  for (int i = 0; i < 3; ++i) {
    client.send(part);
    test::settle(core);
  }
  EXPECT_FALSE(open(client));
}

TEST_F(RefusalsTest, WithoutLingeringItIsClosedAtOnce) {
  auto client = send_away(Refusals::Linger::no, "GET / HTTP/1.1\r\n");
  EXPECT_EQ(client.receive(), "go away");
  EXPECT_TRUE(client.ended());
  EXPECT_FALSE(open(client));
}

TEST_F(RefusalsTest, OnlyAFewAtOnce) {
  std::vector<FrontClient> clients;
  for (int i = 0; i < 50; ++i) clients.push_back(send_away(Refusals::Linger::yes));
  int lingering = 0;
  for (auto& client : clients) {
    EXPECT_EQ(client.receive(), "go away");
    lingering += open(client);
  }
  EXPECT_EQ(lingering, 16);
  test::pass_time(core, 2200);
  auto client = send_away(Refusals::Linger::yes);
  EXPECT_TRUE(open(client));
}

TEST_F(RefusalsTest, WhoHasGoneAlready) {
  auto [fd, client] = make_pair_of_sockets();
  client.close();
  refusals.send_away(fd, "go away", Refusals::Linger::yes);
  test::settle(core);
}

TEST(FrontRefusals, TlsClientsGetAnAlert) {
  FrontBench bench({}, 1);
  auto one = bench.connect();
  auto [fd, client] = make_pair_of_sockets();
  bench.front.accept(fd, {}, Security::tls);
  bench.settle();
  EXPECT_EQ(client.receive(), std::string("\x15\x03\x03\x00\x02\x02\x50", 7));
  EXPECT_TRUE(client.ended());
}

TEST(FrontRefusals, WithoutDescriptors) {
  FrontBench bench;
  auto [fd, client] = make_pair_of_sockets();
  bench.front.refuse_for_descriptors(fd, {}, Security::plain);
  auto answer = client.receive();
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 503 Service Unavailable\r\n")) << answer;
  EXPECT_TRUE(answer.ends_with("\r\nContent-Length: 20\r\n\r\nToo many open files\n")) << answer;
  EXPECT_NE(answer.find("\r\nRetry-After: "), std::string::npos);
  EXPECT_EQ(bench.count(base::Counter::clients_refused_descriptors), 1u);
  EXPECT_EQ(bench.front.sessions(), 0u);
}

TEST(FrontRefusals, WhileMemoryIsShort) {
  FrontBench bench;
  base::Load load;
  bench.front.set_load(&load);
  auto early = bench.connect();
  load.shedding = true;
  auto late = bench.connect();
  EXPECT_TRUE(late.receive().ends_with("\r\n\r\nToo little memory\n"));
  EXPECT_EQ(bench.count(base::Counter::clients_refused_memory), 1u);
  EXPECT_EQ(bench.ask(early, "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n"), test::kOk)
      << "the requests of others are the proxy's matter";
  load.shedding = false;
  auto later = bench.connect();
  EXPECT_EQ(bench.ask(later, "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n"), test::kOk);
  EXPECT_EQ(bench.clients.now.load(), 2u);
}

TEST(FrontShedding, TheClientsThatAreMostBehindGoFirst) {
  FrontBench bench;
  bench.acceptor.at_end = nullptr;
  std::vector<FrontClient> clients;
  const std::vector<std::size_t> sizes{3000000, 9000000, 1000, 6000000};
  for (auto size : sizes) {
    clients.push_back(bench.connect());
    bench.ask(clients.back(), "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n");
    FrontBench::reply(bench.request(bench.requests() - 1), std::string(size, 'x'));
  }
  bench.settle();
  bench.front.close_slowest(10000000);  // more than the first of them has, less than two have
  bench.settle();
  EXPECT_EQ(bench.count(base::Counter::slow_clients_shed), 2u);
  for (std::size_t i = 0; i < clients.size(); ++i) {
    for (int turns = 0; turns < 1000 && !clients[i].receive().empty(); ++turns) bench.settle();
    clients[i].receive();
    EXPECT_EQ(clients[i].ended(), sizes[i] >= 6000000) << i;
  }
  bench.front.close_slowest(10000000);
  EXPECT_EQ(bench.count(base::Counter::slow_clients_shed), 2u) << "nobody is behind any more";
}

}  // namespace
}  // namespace holdfast::front
