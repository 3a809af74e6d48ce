// SPDX-License-Identifier: Apache-2.0
#include "origin/connection.h"

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "support/origin_bench.h"

namespace holdfast::origin {
namespace {

using test::OriginBench;
using test::Requester;
using Method = wire::ResponseParser::Method;

OriginOptions times() {
  OriginOptions options;
  options.connect_timeout_ms = 1000;
  options.response_timeout_ms = 2000;
  options.idle_timeout_ms = 3000;
  options.header_max_bytes = 300;
  return options;
}

struct Exchanged {
  std::string calls;
  std::string body;
  bool reusable = false;
  bool operator==(const Exchanged&) const = default;
};

/// A request, and this answer in two pieces; then perhaps the end of the connection.
enum class Then { keeps, closes };
Exchanged exchange(std::string_view first, std::string_view second, Method method, Then then) {
  OriginBench bench(times());
  Requester requester;
  auto connection = bench.request(requester, method);
  bench.peer.send(first);
  test::settle(bench.core);
  if (!requester.failed) bench.peer.send(second);
  if (then == Then::closes) bench.peer.close();
  EXPECT_TRUE(bench.wait_for([&] { return requester.over(); })) << requester.text();
  return {requester.text(), requester.body, connection->reusable()};
}

struct Case {
  const char* name;
  std::string answer;
  std::string calls;  ///< behind "ready"
  std::string body;
  bool reusable = false;
  Method method = Method::other;
  Then then = Then::keeps;
};

const std::vector<Case>& cases() {
  static const std::string ok = "response 200\ncomplete\n";
  static const std::vector<Case> all = {
      {"sized", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", ok, "hello", true},
      {"sized, empty", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", ok, "", true},
      {"chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x\r\nabc\r\n1\r\nd\r\n0\r\nT: u\r\n\r\n", ok,
       "abcd", true},
      {"chunked, empty", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", ok, "", true},
      {"up to the end", "HTTP/1.1 200 OK\r\n\r\nall of it", ok, "all of it", false, Method::other, Then::closes},
      {"HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", ok, "", true, Method::head},
      {"204", "HTTP/1.1 204 No Content\r\n\r\n", "response 204\ncomplete\n", "", true},
      {"304", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", "response 304\ncomplete\n", "", true},
      {"interim",
       "HTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n"
       "Content-Length: 1\r\n\r\nx",
       "interim 103\ninterim 100\n" + ok, "x", true},
      {"close", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx", ok, "x", false},
      {"1.0", "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", ok, "x", false},
      {"1.0 keep-alive", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\nx", ok, "x", true},
      {"not HTTP", "SSH-2.0-x\r\n", "error header: the answer is not HTTP/1\n", ""},
      {"bad head", "HTTP/1.1 200 OK\r\nA : b\r\n\r\n",
       "error header: white space between a header field's name and its colon\n", ""},
      {"too long", "HTTP/1.1 200 OK\r\nA: " + std::string(300, 'x') + "\r\n\r\n",
       "error header: the header is over proxy.origin_header_max_bytes\n", ""},
      {"101", "HTTP/1.1 101 Switching Protocols\r\n\r\n",
       "error header: the origin switched protocols without being asked\n", ""},
      {"ends at once", "", "error header: the origin closed without an answer\n", "", false, Method::other,
       Then::closes},
      {"ends inside its head", "HTTP/1.1 200 O", "error header: the origin closed inside the response header\n", "",
       false, Method::other, Then::closes},
      {"ends behind an interim response", "HTTP/1.1 103 Early\r\n\r\n",
       "interim 103\nerror header: the origin closed inside the response header\n", "", false, Method::other,
       Then::closes},
  };
  return all;
}

TEST(OriginConnection, Answers) {
  for (const auto& test : cases()) {
    auto seen = exchange(test.answer, "", test.method, test.then);
    EXPECT_EQ(seen.calls, "ready\n" + test.calls) << test.name;
    EXPECT_EQ(seen.body, test.body) << test.name;
    EXPECT_EQ(seen.reusable, test.reusable) << test.name;
  }
}

TEST(OriginConnection, EverySplitOfAnAnswerGivesTheSame) {
  for (const auto& test : cases()) {
    for (std::size_t split = 1; split<test.answer.size(); split += test.answer.size()> 200 ? 50 : 1) {
      auto seen = exchange(test.answer.substr(0, split), test.answer.substr(split), test.method, test.then);
      ASSERT_EQ(seen.calls, "ready\n" + test.calls) << test.name << ' ' << split;
      ASSERT_EQ(seen.body, test.body) << test.name << ' ' << split;
      ASSERT_EQ(seen.reusable, test.reusable) << test.name << ' ' << split;
    }
  }
}

TEST(OriginConnection, BodiesThatBreakOff) {
  const std::string sized = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc";
  const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n";
  for (const auto& answer : {sized, chunked}) {
    auto seen = exchange(answer, "", Method::other, Then::closes);
    EXPECT_EQ(seen.calls, "ready\nresponse 200\nerror body: the origin closed inside the response body\n");
    EXPECT_EQ(seen.body, "abc");
  }
}

TEST(OriginConnection, BadChunks) {
  const std::string head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  auto seen = exchange(head + "x\r\n", "", Method::other, Then::keeps);
  EXPECT_EQ(seen.calls, "ready\nerror header: a chunk has no size\n") << "nothing of the answer was passed on";
  seen = exchange(head + "1\r\na\r\n", "x\r\n", Method::other, Then::keeps);
  EXPECT_EQ(seen.calls, "ready\nresponse 200\nerror body: a chunk has no size\n");
  EXPECT_EQ(seen.body, "a");
}

TEST(OriginConnection, BytesBehindTheAnswer) {
  auto seen = exchange("HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\n", "", Method::other, Then::keeps);
  EXPECT_EQ(seen.calls, "ready\nresponse 204\ncomplete\n");
  EXPECT_FALSE(seen.reusable) << "what was never asked for must not answer the next request";
}

TEST(OriginConnection, AReset) {
  OriginBench bench;
  Requester requester;
  auto connection = bench.request(requester);
  bench.peer.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc");
  ASSERT_TRUE(bench.wait_for([&] { return requester.body == "abc"; }));
  bench.peer.reset();
  ASSERT_TRUE(bench.wait_for([&] { return requester.failed; }));
  EXPECT_EQ(requester.calls.back(), "error body: the origin reset the connection");
  EXPECT_FALSE(connection->ready());
}

TEST(OriginConnection, NobodyListens) {
  OriginBench bench;
  bench.server.close();
  Requester requester;
  auto connection = bench.origin().connect(requester);
  EXPECT_TRUE(requester.calls.empty()) << "never from inside the call";
  ASSERT_TRUE(bench.wait_for([&] { return requester.failed; }));
  EXPECT_TRUE(requester.calls.at(0).starts_with("error connect: "));
  EXPECT_TRUE(requester.calls.at(0).ends_with("Connection refused"));
}

TEST(OriginConnection, NamesAreLookedUp) {
  OriginBench bench;
  Requester requester;
  auto& origin = bench.origins.get({"localhost", bench.server.port(), InternalAddresses::allowed});
  auto connection = origin.connect(requester);
  ASSERT_TRUE(bench.wait_for([&] { return connection->ready() || requester.failed; }));
  EXPECT_EQ(requester.text(), "ready\n") << "also where its first address is one that nobody listens on";
}

TEST(OriginConnection, Tgt10UntrustedTargetsMustNotLeadInside) {
  OriginBench bench;
  Requester requester;
  auto connection = bench.origin(InternalAddresses::blocked).connect(requester);
  ASSERT_TRUE(bench.wait_for([&] { return requester.failed; }));
  EXPECT_EQ(requester.text(), "error connect blocked: an untrusted target must not lead to an internal address\n");
  EXPECT_FALSE(bench.server.accept());
}

// ------------------------------------------------------------------------------------------------------ time-outs

TEST(OriginConnection, NoConnectionInTime) {
  OriginBench bench(times());
  // A listener whose queue is full does not answer.
  test::OriginServer full(0);
  Requester fillers[4];
  Requester requester;
  auto& origin = bench.origins.get({"127.0.0.1", full.port(), InternalAddresses::allowed});
  std::vector<std::unique_ptr<OriginConnection>> kept;
  for (auto& filler : fillers) kept.push_back(origin.connect(filler));
  test::settle(bench.core);
  auto connection = origin.connect(requester);
  test::settle(bench.core);
  ASSERT_FALSE(connection->ready());
  test::pass_time(bench.core, 1100);
  EXPECT_EQ(requester.text(), "error connect timeout: no answer within connect_timeout_ms\n");
}

TEST(OriginConnection, NoHeaderInTime) {
  OriginBench bench(times());
  Requester requester;
  auto connection = bench.request(requester);
  bench.peer.send("HTTP/1.1 200");
  test::settle(bench.core);
  test::pass_time(bench.core, 1900);
  EXPECT_FALSE(requester.failed);
  test::pass_time(bench.core, 200);
  EXPECT_EQ(requester.calls.back(), "error header timeout: no response header within response_timeout_ms");
}

TEST(OriginConnection, AnInterimResponseGivesMoreTime) {
  OriginBench bench(times());
  Requester requester;
  auto connection = bench.request(requester);
  test::pass_time(bench.core, 1900);
  bench.peer.send("HTTP/1.1 102 Processing\r\n\r\n");
  ASSERT_TRUE(bench.wait_for([&] { return requester.calls.size() == 2; }));
  test::pass_time(bench.core, 1900);
  EXPECT_FALSE(requester.failed);
  test::pass_time(bench.core, 200);
  EXPECT_TRUE(requester.failed);
}

TEST(OriginConnection, ABodyThatStops) {
  OriginBench bench(times());
  Requester requester;
  auto connection = bench.request(requester);
  bench.peer.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n");
  for (int i = 1; i <= 4; ++i) {
    bench.peer.send("x");
    ASSERT_TRUE(bench.wait_for([&] { return requester.body.size() == static_cast<std::size_t>(i); }));
    test::pass_time(bench.core, 2900);
  }
  EXPECT_FALSE(requester.failed) << "slow, but going on";
  test::pass_time(bench.core, 200);
  EXPECT_EQ(requester.calls.back(), "error body timeout: nothing received for idle_timeout_ms");
}

TEST(OriginConnection, ABodyThatNobodyWantsNowHasNoTimeLimit) {
  OriginBench bench(times());
  Requester requester;
  auto connection = bench.request(requester);
  bench.peer.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx");
  ASSERT_TRUE(bench.wait_for([&] { return requester.body == "x"; }));
  connection->pause();
  test::pass_time(bench.core, 100000);
  EXPECT_FALSE(requester.failed);
  connection->resume();
  test::pass_time(bench.core, 3100);
  EXPECT_TRUE(requester.failed);
}

TEST(OriginConnection, ARequestThatNobodyTakes) {
  OriginBench bench(times());
  Requester requester;
  auto connection = bench.request(requester);
  bench.peer.send("HTTP/1.1 204 No Content\r\n\r\n");
  ASSERT_TRUE(bench.wait_for([&] { return requester.complete; }));
  Requester second;
  connection->detach();
  connection->park();
  ASSERT_TRUE(connection->reuse(second));
  connection->begin(Method::other);
  std::string large(20000000, 'x');
  Slice slice(large);
  EXPECT_EQ(connection->send({&slice, 1}), Written::queued);
  test::pass_time(bench.core, 3100);
  EXPECT_EQ(second.text(), "error write timeout: nothing taken for idle_timeout_ms\n");
}

// ---------------------------------------------------------------------------------------------------------- flow

TEST(OriginConnection, ALargeRequestIsQueuedAndDrained) {
  OriginBench bench;
  Requester requester;
  auto connection = bench.origin().connect(requester);
  ASSERT_TRUE(bench.wait_for([&] { return connection->ready(); }));
  bench.wait_for_peer();
  connection->begin(Method::other);
  std::string large(20000000, 'x');
  Slice slice(large);
  EXPECT_EQ(connection->send({&slice, 1}), Written::queued);
  std::size_t received = 0;
  ASSERT_TRUE(bench.wait_for([&] {
    received += bench.peer.receive().size();
    return received == large.size();
  }));
  EXPECT_EQ(requester.text(), "ready\ndrained\n");
  EXPECT_EQ(connection->queued_bytes(), 0u);
}

TEST(OriginConnection, AnAnswerBeforeTheRequestIsOut) {
  OriginBench bench;
  Requester requester;
  auto connection = bench.origin().connect(requester);
  ASSERT_TRUE(bench.wait_for([&] { return connection->ready(); }));
  bench.wait_for_peer();
  connection->begin(Method::other);
  std::string large(20000000, 'x');
  Slice slice(large);
  EXPECT_EQ(connection->send({&slice, 1}), Written::queued);
  bench.peer.send("HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\r\nno");
  ASSERT_TRUE(bench.wait_for([&] { return requester.complete; }));
  EXPECT_EQ(requester.body, "no");
  EXPECT_FALSE(connection->reusable());
}

TEST(OriginConnection, AnAnswerIsFoundBehindAWriteThatFails) {
  OriginBench bench;
  Requester requester;
  auto connection = bench.origin().connect(requester);
  ASSERT_TRUE(bench.wait_for([&] { return connection->ready(); }));
  bench.wait_for_peer();
  connection->begin(Method::other);
  bench.peer.send("HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno");
  bench.peer.close();
  // Without a turn in between: bytes to a peer that has closed are answered with a reset, and the next write fails.
  Slice slice(std::string_view("body"));
  auto written = Written::sent;
  for (int i = 0; i < 100000 && written == Written::sent; ++i) written = connection->send({&slice, 1});
  EXPECT_EQ(written, Written::failed);
  ASSERT_TRUE(bench.wait_for([&] { return requester.over(); }));
  EXPECT_EQ(requester.text(), "ready\nresponse 413\ncomplete\n");
}

TEST(OriginConnection, APausedBodyWaitsInTheKernel) {
  OriginBench bench;
  Requester requester;
  auto connection = bench.request(requester);
  requester.also = [&] { connection->pause(); };
  const std::string body(500000, 'x');
  std::thread sender([&] { bench.peer.send("HTTP/1.1 200 OK\r\nContent-Length: 500000\r\n\r\n" + body); });
  ASSERT_TRUE(bench.wait_for([&] { return !requester.calls.empty() && requester.calls.back() == "response 200"; }));
  auto size = requester.body.size();
  for (int i = 0; i < 100; ++i) bench.core.run_one_turn();
  EXPECT_EQ(requester.body.size(), size);
  while (!requester.complete) {
    auto parts = requester.parts;
    connection->resume();
    ASSERT_TRUE(bench.wait_for([&] { return requester.parts > parts; }));
    EXPECT_EQ(requester.parts, parts + 1) << "one part for each resume";
  }
  sender.join();
  EXPECT_TRUE(requester.body == body);
  EXPECT_TRUE(connection->reusable());
}

TEST(OriginConnection, AnOriginThatAnswersAsSoonAsItIsConnected) {
  for (auto then : {Then::keeps, Then::closes}) {
    OriginBench bench;
    Requester requester;
    auto connection = bench.origin().connect(requester);
    requester.also = [&] {
      requester.also = nullptr;
      connection->begin(Method::other);
      Slice slice(OriginBench::kRequest);
      connection->send({&slice, 1});
      connection->finish_request();
    };
    bench.core.run_one_turn();
    ASSERT_TRUE(requester.calls.empty());
    while (!bench.peer) bench.peer = bench.server.accept();
    bench.peer.send("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 2\r\n\r\nno");
    if (then == Then::closes) bench.peer.half_close();
    // One event tells of both, and there is no other one.
    ASSERT_TRUE(
        bench.wait_for([&] { return requester.calls.size() >= 3 || bench.peer.receive() == OriginBench::kRequest; }));
    test::settle(bench.core);
    EXPECT_EQ(requester.text(), "ready\nresponse 503\ncomplete\n");
    EXPECT_EQ(connection->reusable(), then == Then::keeps);
  }
}

TEST(OriginConnection, MayBeClosedFromAnyCall) {
  const std::string answer =
      "HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n";
  for (std::size_t call = 2; call <= 3; ++call) {
    OriginBench bench;
    Requester requester;
    auto connection = bench.request(requester);
    requester.also = [&] {
      if (requester.calls.size() < call) return;
      requester.also = nullptr;
      connection->detach();
      connection->close();
      bench.core.defer_delete(std::move(connection));
    };
    bench.peer.send(answer);
    ASSERT_TRUE(bench.wait_for([&] { return !connection; }));
    ASSERT_TRUE(bench.wait_for([&] { return bench.peer.ended(); }));
    EXPECT_EQ(requester.calls.size(), call == 2 ? 2u : 4u) << "nothing behind it";
  }
}

}  // namespace
}  // namespace holdfast::origin
