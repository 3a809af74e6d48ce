// SPDX-License-Identifier: Apache-2.0
// Requests that find no connection free, and no descriptor for another.
#include <cerrno>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "origin/origin.h"
#include "support/origin_bench.h"

namespace {
/// What the kernel says to socket() instead of making one; 0: nothing.
int socket_error = 0;
}  // namespace

// The program's own definition comes before the C library's.
extern "C" int socket(int domain, int type, int protocol) noexcept {
  if (socket_error == 0) return static_cast<int>(::syscall(SYS_socket, domain, type, protocol));
  errno = socket_error;
  return -1;
}

namespace holdfast::origin {
namespace {

using test::OriginBench;
using test::OriginPeer;
using test::Requester;

constexpr std::string_view kAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

OriginOptions at_most(std::size_t connections) {
  OriginOptions options;
  options.connections_max = connections;
  options.connect_timeout_ms = 5000;
  return options;
}

class Waiting : public ::testing::Test {
 protected:
  ~Waiting() override { socket_error = 0; }
  static std::uint64_t count(OriginBench& bench, base::Counter counter) { return bench.core.counters().get(counter); }
};

TEST_F(Waiting, AConnectionThatIsGivenBackGoesToWhoCameFirst) {
  OriginBench bench(at_most(1));
  auto& origin = bench.origin();
  Requester first;
  auto connection = bench.request(first);
  std::vector<Requester> others(2);
  std::vector<std::unique_ptr<OriginConnection>> waiting;
  for (auto& other : others) {
    EXPECT_EQ(origin.take_idle(other), nullptr);
    waiting.push_back(origin.connect(other));
  }
  test::settle(bench.core);
  EXPECT_TRUE(others[0].calls.empty());
  EXPECT_EQ(count(bench, base::Counter::origin_waits), 2u);
  bench.peer.send(kAnswer);
  ASSERT_TRUE(bench.wait_for([&] { return first.over(); }));
  origin.give_back(std::move(connection));
  Requester late;
  EXPECT_EQ(origin.take_idle(late), nullptr) << "others came before";
  test::settle(bench.core);
  EXPECT_EQ(others[0].text(), "offered\n");
  EXPECT_TRUE(others[1].calls.empty());
  EXPECT_TRUE(others[0].offered->ready());
  waiting[0]->close();
  bench.send(*others[0].offered);
  bench.peer.send(kAnswer);
  ASSERT_TRUE(bench.wait_for([&] { return others[0].complete; }));
  origin.give_back(std::move(others[0].offered));
  test::settle(bench.core);
  EXPECT_EQ(others[1].text(), "offered\n");
  EXPECT_FALSE(bench.server.accept()) << "one connection for all of them";
}

TEST_F(Waiting, APlaceThatBecomesFreeIsConnectedFrom) {
  OriginBench bench(at_most(1));
  Requester first;
  Requester second;
  auto connection = bench.request(first);
  auto waiting = bench.origin().connect(second);
  connection->close();
  ASSERT_TRUE(bench.wait_for([&] { return waiting->ready(); }));
  EXPECT_EQ(second.text(), "ready\n");
}

TEST_F(Waiting, AConnectionThatIsDestroyedFreesItsPlace) {
  OriginBench bench(at_most(1));
  Requester first;
  Requester second;
  auto connection = bench.request(first);
  auto waiting = bench.origin().connect(second);
  connection.reset();
  ASSERT_TRUE(bench.wait_for([&] { return waiting->ready(); }));
}

TEST_F(Waiting, OneThatFailsFreesItsPlace) {
  OriginBench bench(at_most(1));
  bench.server.close();
  Requester requesters[2];
  auto first = bench.origin().connect(requesters[0]);
  auto second = bench.origin().connect(requesters[1]);
  ASSERT_TRUE(bench.wait_for([&] { return requesters[0].failed && requesters[1].failed; }));
  EXPECT_EQ(count(bench, base::Counter::origin_wait_timeouts), 0u);
}

TEST_F(Waiting, WhoGivesUpIsPassedOver) {
  OriginBench bench(at_most(1));
  Requester requesters[3];
  auto first = bench.request(requesters[0]);
  auto second = bench.origin().connect(requesters[1]);
  auto third = bench.origin().connect(requesters[2]);
  second->detach();
  second->close();
  first->close();
  ASSERT_TRUE(bench.wait_for([&] { return third->ready(); }));
  EXPECT_TRUE(requesters[1].calls.empty());
}

TEST_F(Waiting, NotForEver) {
  OriginBench bench(at_most(1));
  Requester first;
  Requester second;
  auto connection = bench.request(first);
  auto waiting = bench.origin().connect(second);
  test::pass_time(bench.core, 4900);
  EXPECT_FALSE(second.failed);
  test::pass_time(bench.core, 200);
  EXPECT_EQ(second.text(),
            "error connect overload: no connection of proxy.origin_connections_max became free within "
            "connect_timeout_ms\n");
  EXPECT_EQ(count(bench, base::Counter::origin_wait_timeouts), 1u);
  connection->close();
  test::settle(bench.core);
}

TEST_F(Waiting, AHigherLimitIsForThoseWhoComeThen) {
  OriginBench bench(at_most(1));
  Requester first;
  Requester second;
  auto connection = bench.request(first);
  bench.origins.set_options(at_most(2));
  auto another = bench.origin().connect(second);
  EXPECT_TRUE(bench.wait_for([&] { return another->ready(); }));
}

TEST_F(Waiting, ForADescriptor) {
  OriginBench bench(at_most(0));
  int shortages = 0;
  bench.origins.set_on_shortage([&] { ++shortages; });
  std::vector<Requester> requesters(3);
  std::vector<std::unique_ptr<OriginConnection>> connections;
  for (int error : {EMFILE, ENFILE}) {
    socket_error = error;
    connections.push_back(bench.origin().connect(requesters[connections.size()]));
    test::settle(bench.core);
  }
  test::pass_time(bench.core, 500);
  EXPECT_GE(shortages, 2);
  for (auto& requester : requesters) EXPECT_TRUE(requester.calls.empty());
  socket_error = 0;
  // Who comes now waits behind the others, although there is a descriptor again.
  connections.push_back(bench.origin().connect(requesters[2]));
  test::pass_time(bench.core, 100);
  EXPECT_TRUE(
      bench.wait_for([&] { return connections[0]->ready() && connections[1]->ready() && connections[2]->ready(); }));
}

TEST_F(Waiting, ForADescriptorNotForEver) {
  OriginBench bench(at_most(0));
  Requester requester;
  socket_error = EMFILE;
  auto connection = bench.origin().connect(requester);
  test::settle(bench.core);
  test::pass_time(bench.core, 5100);
  EXPECT_EQ(requester.text(), "error connect overload: no descriptor became free within connect_timeout_ms\n");
  socket_error = 0;
  Requester next;
  auto another = bench.origin().connect(next);
  EXPECT_TRUE(bench.wait_for([&] { return another->ready(); }));
}

TEST_F(Waiting, AnIdleConnectionMakesRoom) {
  OriginBench bench(at_most(0));
  Requester first;
  auto connection = bench.request(first);
  bench.peer.send(kAnswer);
  ASSERT_TRUE(bench.wait_for([&] { return first.over(); }));
  bench.origin().give_back(std::move(connection));
  EXPECT_TRUE(bench.origins.close_idle());
  EXPECT_EQ(bench.origin().idle(), 0u);
  EXPECT_TRUE(bench.wait_for([&] { return bench.peer.ended(); }));
  EXPECT_FALSE(bench.origins.close_idle()) << "there is none";
}

}  // namespace
}  // namespace holdfast::origin
