// SPDX-License-Identifier: Apache-2.0
// The answering half: framing, and clients that do not keep up.
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>
#include <netinet/in.h>

#include "front/h1_session.h"
#include "support/front_bench.h"

namespace holdfast::front {
namespace {

using test::FrontBench;
using test::FrontClient;
using test::kOk;
using test::SeenRequest;

/// One request, answered by the test as it likes.
class H1AnswerTest : public ::testing::Test {
 protected:
  H1AnswerTest() : client_(bench_.connect()) { bench_.acceptor.at_end = nullptr; }

  Exchange& begin(std::string_view line = "GET / HTTP/1.1", std::string_view more = "") {
    bench_.ask(client_, std::string(line) + "\r\nHost: a\r\n" + std::string(more) + "\r\n");
    return *bench_.acceptor.requests.back()->exchange;
  }
  std::string received() {
    bench_.settle();
    return client_.receive();
  }
  SeenRequest& seen() { return *bench_.acceptor.requests.back(); }

  static Written respond(Exchange& exchange, const ResponseHead& head, std::string_view body, End end) {
    Slice slice(body);
    return exchange.respond(head, {&slice, 1}, end);
  }
  static Written write(Exchange& exchange, std::string_view body, End end = End::no) {
    Slice slice(body);
    return exchange.write({&slice, 1}, end);
  }

  FrontBench bench_;
  FrontClient client_;
};

constexpr ResponseHead kStreaming{.reason = "OK"};

TEST_F(H1AnswerTest, Sized) {
  auto& exchange = begin();
  const std::vector<Field> fields{{"A", "b"}, {"Empty", ""}};
  EXPECT_EQ(
      respond(exchange,
              {.status = 201, .reason = "Made so", .fields = fields, .body_kind = BodyKind::sized, .body_size = 6},
              "abc", End::no),
      Written::sent);
  EXPECT_EQ(write(exchange, "de"), Written::sent);
  EXPECT_EQ(write(exchange, "f", End::yes), Written::sent);
  EXPECT_EQ(received(), "HTTP/1.1 201 Made so\r\nA: b\r\nEmpty: \r\nContent-Length: 6\r\n\r\nabcdef");
  EXPECT_EQ(bench_.access.lines.at(0), "GET / 201 6 finished");
  EXPECT_FALSE(client_.ended());
}

TEST_F(H1AnswerTest, Chunked) {
  auto& exchange = begin();
  respond(exchange, kStreaming, "hello", End::no);
  EXPECT_EQ(exchange.body_form(), Exchange::BodyForm::chunked);
  const std::vector<Slice> parts{Slice(std::string_view("0123456789")), Slice(), Slice(std::string_view("abcdef"))};
  exchange.write(parts, End::no);
  write(exchange, "");
  write(exchange, "", End::yes);
  EXPECT_EQ(received(),
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n10\r\n0123456789abcdef\r\n"
            "0\r\n\r\n");
  EXPECT_EQ(bench_.access.lines.at(0), "GET / 200 21 finished");
}

TEST_F(H1AnswerTest, Out3AWholeBodyHasALength) {
  respond(begin(), kStreaming, "all of it", End::yes);
  EXPECT_EQ(received(), "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nall of it");
  respond(begin(), kStreaming, "", End::yes);
  EXPECT_EQ(received(), "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
}

TEST_F(H1AnswerTest, NoBody) {
  respond(begin(), {.status = 404, .reason = "Not Found", .body_kind = BodyKind::none}, "", End::yes);
  EXPECT_EQ(received(), "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
}

TEST_F(H1AnswerTest, StatusesWithoutABodyHaveNone) {
  respond(begin(), {.status = 204, .reason = "No Content", .body_kind = BodyKind::sized, .body_size = 3}, "abc",
          End::yes);
  EXPECT_EQ(received(), "HTTP/1.1 204 No Content\r\n\r\n");
  respond(begin(), {.status = 204, .reason = "No Content"}, "abc", End::no);
  write(*seen().exchange, "def", End::yes);
  EXPECT_EQ(received(), "HTTP/1.1 204 No Content\r\n\r\n");
  respond(begin(), {.status = 304, .reason = "Not Modified", .body_kind = BodyKind::sized, .body_size = 3}, "",
          End::yes);
  EXPECT_EQ(received(), "HTTP/1.1 304 Not Modified\r\nContent-Length: 3\r\n\r\n") << "what the origin said";
  respond(begin(), {.status = 304, .reason = "Not Modified", .body_kind = BodyKind::none}, "", End::yes);
  EXPECT_EQ(received(), "HTTP/1.1 304 Not Modified\r\n\r\n");
}

TEST_F(H1AnswerTest, HeadHasTheHeadAlone) {
  const auto line = "HEAD / HTTP/1.1";
  respond(begin(line), {.reason = "OK", .body_kind = BodyKind::sized, .body_size = 5}, "hello", End::yes);
  EXPECT_EQ(received(), "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
  respond(begin(line), kStreaming, "hello", End::no);
  seen().exchange->write_framed({});
  write(*seen().exchange, "more", End::yes);
  EXPECT_EQ(received(), "HTTP/1.1 200 OK\r\n\r\n");
  respond(begin(line), {.reason = "OK", .body_kind = BodyKind::none}, "", End::yes);
  EXPECT_EQ(received(), "HTTP/1.1 200 OK\r\n\r\n");
  EXPECT_FALSE(client_.ended());
}

TEST_F(H1AnswerTest, Http10BodiesOfUnknownLengthEndTheConnection) {
  auto& exchange = begin("GET / HTTP/1.0", "Connection: keep-alive\r\n");
  respond(exchange, kStreaming, "one", End::no);
  EXPECT_EQ(exchange.body_form(), Exchange::BodyForm::raw);
  write(exchange, "two", End::yes);
  EXPECT_EQ(received(), "HTTP/1.0 200 OK\r\n\r\nonetwo");
  EXPECT_TRUE(client_.ended());
}

TEST_F(H1AnswerTest, InterimResponses) {
  auto& exchange = begin();
  const std::vector<Field> fields{{"Link", "</a>"}};
  exchange.inform({.status = 103, .reason = "Early Hints", .fields = fields});
  EXPECT_EQ(received(), "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
  respond(exchange, kStreaming, "", End::yes);
  exchange.inform({.status = 103, .reason = "too late"});
  EXPECT_EQ(received(), "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  begin("GET / HTTP/1.0").inform({.status = 103, .reason = "Early Hints"});
  EXPECT_EQ(received(), "") << "HTTP/1.0 does not know them";
}

TEST_F(H1AnswerTest, FramedBytesGoOutAsTheyAre) {
  auto& exchange = begin();
  respond(exchange, kStreaming, "", End::no);
  exchange.park();
  auto block = Bytes::copy("3\r\nabc\r\n");
  Slice slice(block);
  EXPECT_EQ(exchange.write_framed({&slice, 1}), Written::sent);
  write(exchange, "", End::yes);
  EXPECT_EQ(received(), "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
  EXPECT_EQ(bench_.access.lines.at(0), "GET / 200 8 finished");
  begin();
  FrontBench::reply(seen(), "ok");
  EXPECT_EQ(received(), kOk) << "a connection that was parked goes on";
}

TEST_F(H1AnswerTest, AnAnswerBeforeTheEndOfTheRequestIsTheLast) {
  auto& exchange = begin("POST / HTTP/1.1", "Content-Length: 5\r\n");
  respond(exchange, kStreaming, "x", End::no);
  client_.send("hello");
  bench_.settle();
  EXPECT_EQ(seen().body, "hello") << "it is still read";
  write(exchange, "y", End::yes);
  EXPECT_EQ(received(),
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n1\r\nx\r\n1\r\ny\r\n"
            "0\r\n\r\n");
  EXPECT_TRUE(client_.ended());
}

TEST_F(H1AnswerTest, AbortIsNeverACleanEnd) {
  auto& chunked = begin();
  respond(chunked, kStreaming, "abc", End::no);
  chunked.abort(CloseReason::origin_failed);
  EXPECT_EQ(received(), "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
  EXPECT_TRUE(client_.ended());
  EXPECT_TRUE(seen().handler_destroyed);
  EXPECT_FALSE(seen().gone);
  EXPECT_EQ(bench_.access.lines.at(0), "GET / 200 3 origin-failed");
  EXPECT_EQ(bench_.front.sessions(), 0u);

  client_ = FrontClient(bench_.connect());
  auto& sized = begin();
  respond(sized, {.reason = "OK", .body_kind = BodyKind::sized, .body_size = 9}, "abc", End::no);
  sized.abort(CloseReason::slow_client);
  EXPECT_EQ(received(), "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc");
  EXPECT_TRUE(client_.ended());
}

TEST_F(H1AnswerTest, AnExchangeThatIsOverTakesNothing) {
  // A hold may give up on its client behind the back of the request that is still being answered.
  auto& exchange = begin();
  exchange.abort(CloseReason::slow_client);
  EXPECT_EQ(respond(exchange, kStreaming, "x", End::yes), Written::failed);
  EXPECT_EQ(write(exchange, "x"), Written::failed);
  EXPECT_EQ(exchange.write_framed({}), Written::failed);
  exchange.abort(CloseReason::origin_failed);
  EXPECT_EQ(received(), "");
  EXPECT_EQ(bench_.access.lines, std::vector<std::string>{"GET / 0 0 slow-client"});
}

// Where the end of the connection is the end of the body, only a reset tells that it was cut.
TEST(H1Answer, AbortOfABodyThatEndsWithTheConnectionIsAReset) {
  int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  auto endpoint = *net::parse_literal("127.0.0.1", 0);
  ASSERT_EQ(::bind(listener, endpoint.address(), endpoint.size), 0);
  ASSERT_EQ(::listen(listener, 1), 0);
  ASSERT_EQ(::getsockname(listener, reinterpret_cast<sockaddr*>(&endpoint.storage), &endpoint.size), 0);
  FrontClient client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(::connect(client.fd(), endpoint.address(), endpoint.size), 0);
  FrontBench bench;
  bench.acceptor.at_end = nullptr;
  bench.front.accept(::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC), endpoint);
  ::close(listener);
  client.send("GET / HTTP/1.0\r\n\r\n");
  ASSERT_TRUE(test::run_until(bench.core, [&] { return bench.requests() == 1; }));
  auto& exchange = *bench.request().exchange;
  exchange.respond(kStreaming, {}, End::no);
  exchange.abort(CloseReason::origin_failed);
  bench.settle();
  char part[1000];
  ssize_t n = 0;
  while ((n = ::recv(client.fd(), part, sizeof part, 0)) > 0) {
  }
  EXPECT_EQ(n, -1);
  EXPECT_EQ(errno, ECONNRESET);
}

// ------------------------------------------------------------------------------------------------- slow clients

class SlowClientTest : public H1AnswerTest {
 protected:
  /// Answers with more than the kernel takes; returns the whole body.
  std::string fill(Exchange& exchange, End end) {
    std::string body(3000000, 'x');
    for (std::size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>('a' + i % 26);
    EXPECT_EQ(respond(exchange, {.reason = "OK", .body_kind = BodyKind::sized, .body_size = body.size()}, body, end),
              Written::queued);
    EXPECT_GT(exchange.queued_bytes(), 0u);
    return body;
  }
  std::string drain() {
    std::string all;
    for (;;) {
      bench_.settle();
      auto part = client_.receive();
      if (part.empty()) return all;
      all += part;
    }
  }
};

TEST_F(SlowClientTest, GetsEverythingInTheEnd) {
  auto& exchange = begin();
  auto body = fill(exchange, End::no);
  bench_.settle();
  EXPECT_EQ(seen().drained, 0);
  auto all = drain();
  EXPECT_EQ(seen().drained, 1);
  EXPECT_EQ(exchange.queued_bytes(), 0u);
  EXPECT_TRUE(all.ends_with(body));
  EXPECT_EQ(all.size(), body.size() + std::string("HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n").size());
  write(exchange, "", End::yes);
  EXPECT_EQ(received(), "");
}

TEST_F(SlowClientTest, TheNextRequestWaitsUntilTheAnswerIsOut) {
  fill(begin(), End::yes);
  EXPECT_TRUE(bench_.access.lines.size() == 1) << "as far as we are concerned it is over";
  client_.send("GET /next HTTP/1.1\r\nHost: a\r\n\r\n");
  bench_.settle();
  EXPECT_EQ(bench_.requests(), 1u);
  drain();
  ASSERT_EQ(bench_.requests(), 2u);
  FrontBench::reply(seen(), "ok");
  EXPECT_EQ(received(), kOk);
}

TEST_F(SlowClientTest, ThatTakesNothingLosesItsConnection) {
  auto& exchange = begin();
  fill(exchange, End::no);
  for (int i = 0; i < 5; ++i) {
    test::pass_time(bench_.core, 59000);
    ASSERT_FALSE(seen().gone) << i;
    ASSERT_GT(client_.receive(400000).size(), 0u) << "it goes on, slowly";
    bench_.settle();
  }
  test::pass_time(bench_.core, 60200);
  EXPECT_TRUE(seen().gone);
  EXPECT_EQ(bench_.front.sessions(), 0u);
  EXPECT_EQ(bench_.access.lines.at(0), "GET / 200 3000000 timeout");
}

TEST_F(SlowClientTest, ThatGoesOnTakingTheLastAnswerIsWaitedFor) {
  fill(begin(), End::yes);
  std::size_t taken = 0;
  for (int i = 0; i < 5; ++i) {
    test::pass_time(bench_.core, 59000);
    taken += client_.receive(400000).size();
    bench_.settle();
  }
  taken += drain().size();
  EXPECT_GT(taken, 3000000u);
  EXPECT_FALSE(client_.ended());
}

TEST_F(SlowClientTest, ThatTakesNothingOfTheLastAnswerIsNotWaitedFor) {
  const std::string get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  bench_.ask(client_, get + get);
  fill(*seen().exchange, End::yes);
  bench_.settle();
  EXPECT_EQ(bench_.requests(), 1u);
  test::pass_time(bench_.core, 60100);
  EXPECT_EQ(bench_.front.sessions(), 0u);
  EXPECT_EQ(bench_.count(base::Counter::requests_refused), 0u) << "nothing was late of the request that waits";
  EXPECT_EQ(bench_.access.lines.size(), 1u);
}

TEST_F(SlowClientTest, ThatGoesOnTakingTheLastAnswerOfItsConnectionIsWaitedFor) {
  fill(begin("GET / HTTP/1.1", "Connection: close\r\n"), End::yes);
  std::size_t taken = 0;
  for (int i = 0; i < 5; ++i) {
    test::pass_time(bench_.core, 59000);
    taken += client_.receive(400000).size();
    bench_.settle();
  }
  taken += drain().size();
  EXPECT_GT(taken, 3000000u);
  EXPECT_TRUE(client_.ended());
}

TEST_F(SlowClientTest, ThatLeavesIsGoneAtTheEndOfTheTurn) {
  auto& exchange = begin();
  respond(exchange, kStreaming, "", End::no);
  exchange.park();
  client_.close();
  // Nobody has looked at the socket yet: it is the write that fails, and its caller is in the middle of something.
  auto block = Bytes::copy("1\r\nx\r\n");
  Slice slice(block);
  EXPECT_EQ(exchange.write_framed({&slice, 1}), Written::failed);
  EXPECT_FALSE(seen().gone);
  bench_.settle();
  EXPECT_TRUE(seen().gone);
  EXPECT_TRUE(seen().handler_destroyed);
  EXPECT_EQ(bench_.access.lines.at(0), "GET / 200 6 client-gone");
}

TEST_F(SlowClientTest, AnAnswerWhoseEndFailsIsNotFinished) {
  auto& exchange = begin();
  client_.close();
  EXPECT_EQ(respond(exchange, kStreaming, "x", End::yes), Written::failed);
  bench_.settle();
  EXPECT_TRUE(seen().gone);
  EXPECT_EQ(bench_.access.lines.at(0), "GET / 200 1 client-gone");
}

}  // namespace
}  // namespace holdfast::front
