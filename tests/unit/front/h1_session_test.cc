// SPDX-License-Identifier: Apache-2.0
// The reading half: requests out of bytes, whatever way they arrive.
#include "front/h1_session.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/front_bench.h"

namespace holdfast::front {
namespace {

using test::FrontBench;
using test::kOk;
using test::SeenRequest;

const std::string kGet = "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n";
const std::string kSized = "POST /2 HTTP/1.1\r\nHost: b:80\r\nContent-Length: 5\r\n\r\nhello";
const std::string kChunked =
    "PUT /3 HTTP/1.1\r\nHost: c\r\nTransfer-Encoding: chunked\r\nX: y\r\n\r\n3;e\r\nabc\r\n2\r\nde\r\n0\r\nT: "
    "u\r\n\r\n";

std::string times(std::string_view text, int count) {
  std::string all;
  while (count-- > 0) all += text;
  return all;
}

void expect_three_requests(FrontBench& bench) {
  ASSERT_EQ(bench.requests(), 3u);
  const char* expected[3][4] = {{"GET", "/1", "a", ""}, {"POST", "/2", "b:80", "hello"}, {"PUT", "/3", "c", "abcde"}};
  for (std::size_t i = 0; i < 3; ++i) {
    const auto& request = bench.request(i);
    EXPECT_EQ(request.method, expected[i][0]);
    EXPECT_EQ(request.target, expected[i][1]);
    EXPECT_EQ(request.host, expected[i][2]);
    EXPECT_EQ(request.body, expected[i][3]);
    EXPECT_TRUE(request.complete);
    EXPECT_TRUE(request.handler_destroyed);
  }
  EXPECT_EQ(bench.request(2).fields.back(), (Header{"X", "y"}));
}

TEST(H1Session, OneRequestAfterTheOther) {
  FrontBench bench;
  auto client = bench.connect();
  EXPECT_EQ(bench.ask(client, kGet), kOk);
  EXPECT_EQ(bench.ask(client, kSized), kOk);
  EXPECT_EQ(bench.ask(client, kChunked), kOk);
  expect_three_requests(bench);
  EXPECT_EQ(bench.front.sessions(), 1u);
  EXPECT_EQ(bench.count(base::Counter::requests), 3u);
  EXPECT_EQ(bench.count(base::Counter::clients_accepted), 1u);
}

TEST(H1Session, EverySplitOfAPipelineGivesTheSame) {
  const std::string input = "\r\n" + kGet + "\r\n\r\n" + kSized + kChunked;
  for (std::size_t split = 0; split <= input.size(); ++split) {
    FrontBench bench;
    auto client = bench.connect();
    auto answers = split ? bench.ask(client, input.substr(0, split)) : "";
    if (split < input.size()) answers += bench.ask(client, input.substr(split));
    ASSERT_EQ(answers, times(kOk, 3)) << split;
    expect_three_requests(bench);
    if (HasFailure()) FAIL() << split;
  }
}

TEST(H1Session, ByteByByte) {
  FrontBench bench;
  auto client = bench.connect();
  std::string answers;
  for (char c : kGet + kSized + kChunked) answers += bench.ask(client, {&c, 1});
  EXPECT_EQ(answers, times(kOk, 3));
  expect_three_requests(bench);
}

TEST(H1Session, PipelinedRequestsWaitForTheirTurn) {
  FrontBench bench;
  bench.acceptor.at_end = nullptr;
  auto client = bench.connect();
  client.send(kSized + kChunked + kGet);
  bench.settle();
  EXPECT_EQ(bench.requests(), 1u);
  FrontBench::reply(bench.request(0), "1");
  bench.settle();
  ASSERT_EQ(bench.requests(), 2u);
  FrontBench::reply(bench.request(1), "2");
  bench.settle();
  ASSERT_EQ(bench.requests(), 3u);
  FrontBench::reply(bench.request(2), "3");
  bench.settle();
  std::string expected;
  for (auto body : {"1", "2", "3"}) expected += "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n" + std::string(body);
  EXPECT_EQ(client.receive(), expected);
}

TEST(H1Session, AVeryLongPipeline) {
  FrontBench bench;
  auto client = bench.connect();
  std::string answers;
  for (int round = 0; round < 20; ++round) answers += bench.ask(client, times(kGet, 200));
  EXPECT_EQ(answers, times(kOk, 4000));
}

TEST(H1Session, ABodyThatHasArrivedTogetherWithItsHead) {
  for (std::size_t size : {1000, 65000, 65536, 70000, 150000}) {
    FrontBench bench;
    auto client = bench.connect();
    std::string body(size, 'b');
    auto head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n";
    EXPECT_EQ(bench.ask(client, head + body), kOk) << size;
    ASSERT_EQ(bench.requests(), 1u);
    EXPECT_EQ(bench.request().body.size(), size);
  }
}

TEST(H1Session, ABodyLargerThanAllBuffers) {
  FrontBench bench;
  auto client = bench.connect();
  std::string body(3000000, 'b');
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000\r\n\r\n");
  std::string_view rest = body;
  while (!rest.empty()) {
    auto sent = client.send_some(rest);
    ASSERT_GT(sent, 0u) << "the front does not read on";
    rest.remove_prefix(sent);
    bench.settle();
  }
  EXPECT_TRUE(bench.request().body == body);
  EXPECT_EQ(client.receive(), kOk);
}

TEST(H1Session, APausedBodyWaitsInTheKernel) {
  FrontBench bench;
  bench.acceptor.at_head = [](SeenRequest& request) { request.exchange->pause_request_body(); };
  auto client = bench.connect();
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n01");
  bench.settle();
  EXPECT_EQ(bench.request().body, "01");
  client.send("23456789");
  bench.settle();
  EXPECT_EQ(bench.request().body, "01");
  bench.request().exchange->resume_request_body();
  bench.settle();
  EXPECT_EQ(bench.request().body, "0123456789");
  EXPECT_EQ(client.receive(), kOk);
}

TEST(H1Session, PausingLeavesAtMostOnePartToCome) {
  FrontBench bench;
  auto client = bench.connect();
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 150000\r\n\r\n");
  bench.settle();
  bench.request().exchange->pause_request_body();
  client.send(std::string(150000, 'x'));
  bench.settle();
  EXPECT_LE(bench.request().parts, 1);
  EXPECT_FALSE(bench.request().complete);
  bench.request().exchange->resume_request_body();
  bench.settle();
  EXPECT_EQ(bench.request().body.size(), 150000u);
}

TEST(H1Session, ExpectContinue) {
  const std::string head = "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n";
  const std::string go_on = "HTTP/1.1 100 Continue\r\n\r\n";
  FrontBench bench;
  auto client = bench.connect();
  EXPECT_EQ(bench.ask(client, head), go_on);
  EXPECT_EQ(bench.ask(client, "body"), kOk);
  EXPECT_EQ(bench.ask(client, head + "body"), kOk) << "it did not wait";
  EXPECT_EQ(bench.ask(client, head + "bo"), "") << "it did not wait";
  EXPECT_EQ(bench.ask(client, "dy"), kOk);
  bench.acceptor.at_head = [](SeenRequest& request) { FrontBench::reply(request, "no"); };
  EXPECT_EQ(bench.ask(client, head), "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno");
}

TEST(H1Session, Http10) {
  FrontBench bench;
  auto client = bench.connect();
  EXPECT_EQ(bench.ask(client, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"),
            "HTTP/1.0 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nok");
  EXPECT_EQ(bench.ask(client, "GET / HTTP/1.0\r\n\r\n"), "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok");
  EXPECT_TRUE(client.ended());
  EXPECT_EQ(bench.request().host, "localhost");
}

// ------------------------------------------------------------------------------------------------------ refusals

TEST(H1Session, RefusalsSayWhatAndClose) {
  FrontOptions options;
  options.limits.header_max_bytes = 200;
  options.limits.target_max_bytes = 20;
  options.limits.header_max_count = 3;
  options.body_max_bytes = 10;
  struct Case {
    std::string request;
    std::string status;
    std::string body;
    std::string line = " ";  // of the request, as far as the access log knows it
  };
  const std::string host = "Host: a\r\n";
  const Case cases[] = {
      {"GET / HTTP/1.1\r\n\r\n", "400 Bad Request", "Bad Request: no Host field\n"},
      {"GET / HTTP/1.1\nHost: a\n\n", "400 Bad Request", "Bad Request: a line ends with LF alone\n"},
      {"\x16\x03\x01\x02", "400 Bad Request", "Bad Request: this port speaks HTTP, not TLS\n"},
      {"GET /" + std::string(20, 'x') + " HTTP/1.1\r\n" + host + "\r\n", "414 URI Too Long",
       "URI Too Long: the request target is over target_max_bytes in [test]\n"},
      {"GET / HTTP/1.1\r\n" + host + "X: " + std::string(200, 'x') + "\r\n\r\n", "431 Request Header Fields Too Large",
       "Request Header Fields Too Large: the request header is over header_max_bytes in [test]\n"},
      {"GET / HTTP/1.1\r\n" + host + "X: " + std::string(200, 'x'), "431 Request Header Fields Too Large",
       "Request Header Fields Too Large: the request header is over header_max_bytes in [test]\n"},
      {"POST / HTTP/1.1\r\n" + host + "Content-Length: 11\r\n\r\n", "413 Content Too Large",
       "Content Too Large: the request body is over body_max_bytes in [test]\n", "POST /"},
      {"POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\nb\r\n01234567890", "413 Content Too Large",
       "Content Too Large: the request body is over body_max_bytes in [test]\n", "POST /"},
      {"POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\nx\r\n", "400 Bad Request",
       "Bad Request: a chunk has no size\n", "POST /"},
  };
  options.section = "test";
  for (const auto& test : cases) {
    FrontBench bench(options);
    auto client = bench.connect();
    EXPECT_EQ(bench.ask(client, test.request),
              "HTTP/1.1 " + test.status + "\r\nContent-Type: text/plain\r\nContent-Length: " +
                  std::to_string(test.body.size()) + "\r\nConnection: close\r\n\r\n" + test.body);
    EXPECT_EQ(bench.requests(), 0u) << test.status;
    client.half_close();
    bench.settle();
    client.receive();
    EXPECT_TRUE(client.ended()) << test.status;
    EXPECT_EQ(bench.front.sessions(), 0u) << test.status;
    EXPECT_EQ(bench.count(base::Counter::requests_refused), 1u);
    ASSERT_EQ(bench.access.lines.size(), 1u);
    auto code = test.status.substr(0, 3);
    EXPECT_EQ(bench.access.lines[0], test.line + " " + code + " 0 refused " + to_text(refusal_cause(std::stoi(code))));
  }
}

TEST(H1Session, AProxySaysSoOfWhatItRefuses) {
  FrontOptions options;
  options.proxy_name = "edge";
  FrontBench bench(options);
  auto client = bench.connect();
  EXPECT_EQ(bench.ask(client, "GET / HTTP/1.1\r\n\r\n"),
            "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nProxy-Status: edge; error=http_request_error\r\n"
            "Content-Length: 27\r\nConnection: close\r\n\r\nBad Request: no Host field\n");
}

TEST(H1Session, ABodyOfExactlyTheLimit) {
  FrontOptions options;
  options.body_max_bytes = 10;
  FrontBench bench(options);
  auto client = bench.connect();
  EXPECT_EQ(bench.ask(client, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n0123456789"), kOk);
  EXPECT_EQ(bench.ask(client,
                      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n5\r\n56789\r\n"
                      "0\r\n\r\n"),
            kOk);
}

TEST(H1Session, ABodyThatGoesBadUnderItsHandler) {
  FrontBench bench;
  auto client = bench.connect();
  bench.ask(client, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
  EXPECT_EQ(bench.request().body, "abc");
  EXPECT_TRUE(bench.ask(client, "xyz").starts_with("HTTP/1.1 400 Bad Request\r\n"));
  EXPECT_TRUE(bench.request().gone);
  EXPECT_TRUE(bench.request().handler_destroyed);
  EXPECT_FALSE(bench.request().complete);
}

TEST(H1Session, ABodyThatGoesBadUnderItsAnswer) {
  FrontBench bench;
  bench.acceptor.at_head = [](SeenRequest& request) { request.exchange->respond({.reason = "OK"}, {}, End::no); };
  auto client = bench.connect();
  bench.ask(client, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
  EXPECT_EQ(bench.ask(client, "xyz"), "") << "no second answer inside the first";
  EXPECT_TRUE(client.ended());
  EXPECT_TRUE(bench.request().gone);
  EXPECT_EQ(bench.access.lines.at(0), "POST / 200 0 refused request");
}

}  // namespace
}  // namespace holdfast::front
