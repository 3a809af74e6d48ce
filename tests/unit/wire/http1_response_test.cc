// SPDX-License-Identifier: Apache-2.0
#include "wire/http1_response.h"

#include <string>
#include <string_view>
#include <vector>

#include <fmt/core.h>
#include <gtest/gtest.h>

namespace holdfast::wire {
namespace {

using std::string_literals::operator""s;
using State = ResponseParser::State;
using Method = ResponseParser::Method;

std::string body_text(const ResponseView& response) {
  switch (response.body_kind) {
    case BodyKind::none: return "none";
    case BodyKind::sized: return std::to_string(response.body_size);
    case BodyKind::streaming: return response.chunked ? "chunked" : "to-the-end";
  }
  return "?";
}

std::string summary(const ResponseParser& parser, State state) {
  if (state == State::incomplete) return "incomplete";
  if (state == State::refused) return parser.error();
  const auto& response = parser.response();
  auto text = fmt::format("1.{} {} \"{}\" body={} head={}{}{}", response.minor_version, response.status,
                          response.reason, body_text(response), parser.head_size(), response.keep_alive ? " keep" : "",
                          response.has_length ? fmt::format(" length={}", response.length) : "");
  for (const auto& field : response.fields) text += fmt::format("\n{}={}", field.name, field.value);
  return text;
}

std::string parse_growing(std::string_view input, const std::vector<std::size_t>& sizes, std::size_t max_bytes,
                          Method method) {
  ResponseParser parser;
  HeadScanner scanner;
  std::string result;
  for (auto size : sizes) {
    std::vector<char> block(input.begin(), input.begin() + static_cast<std::ptrdiff_t>(size));
    auto state = parser.parse({block.data(), block.size()}, scanner, max_bytes, method);
    result = summary(parser, state);
    if (state != State::incomplete) break;
  }
  return result;
}

std::string parse(std::string_view input, Method method = Method::other, std::size_t max_bytes = 65536) {
  return parse_growing(input, {input.size()}, max_bytes, method);
}

struct Case {
  std::string input;
  std::string expected;
  Method method = Method::other;
};

const std::vector<Case>& cases() {
  static const std::vector<Case> all = {
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
       "1.1 200 \"OK\" body=5 head=38 keep length=5\nContent-Length=5"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
       "1.1 200 \"OK\" body=none head=38 keep length=0\nContent-Length=0"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
       "1.1 200 \"OK\" body=chunked head=47 keep\nTransfer-Encoding=chunked"},
      {"HTTP/1.1 200 OK\r\n\r\nall of it", "1.1 200 \"OK\" body=to-the-end head=19"},
      {"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n", "1.0 200 \"OK\" body=2 head=38 length=2\nContent-Length=2"},
      {"HTTP/1.0 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\n",
       "1.0 200 \"OK\" body=2 head=62 keep length=2\nContent-Length=2\nConnection=keep-alive"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n",
       "1.1 200 \"OK\" body=2 head=57 length=2\nContent-Length=2\nConnection=close"},
      {"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\n", "1.1 200 \"\" body=2 head=35 keep length=2\nContent-Length=2"},
      {"HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\n", "1.1 200 \"\" body=2 head=36 keep length=2\nContent-Length=2"},
      {"HTTP/1.1 599 So it is \xc3\xa4\r\nContent-Length: 2\r\n\r\n",
       "1.1 599 \"So it is \xc3\xa4\" body=2 head=47 keep length=2\nContent-Length=2"},
      {"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", "1.1 103 \"Early Hints\" body=none head=40 keep\nLink=</a>"},
      {"HTTP/1.1 204 No Content\r\n\r\n", "1.1 204 \"No Content\" body=none head=27 keep"},
      {"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n",
       "1.1 304 \"Not Modified\" body=none head=48 keep length=9\nContent-Length=9"},
      {"HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n",
       "1.1 304 \"Not Modified\" body=none head=57 keep\nTransfer-Encoding=chunked"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
       "1.1 200 \"OK\" body=none head=38 keep length=5\nContent-Length=5", Method::head},
      {"HTTP/1.1 200 OK\r\n\r\n", "1.1 200 \"OK\" body=none head=19 keep", Method::head},
      {"SSH-2.0-x\r\n", "the answer is not HTTP/1"},
      {"\r\n", "the answer is not HTTP/1"},
      {"http/1.1 200 OK\r\n\r\n", "the answer is not HTTP/1"},
      {"HTTP/2 200\r\n\r\n", "the answer is not HTTP/1"},
      {"HTTP/1.\r\n\r\n", "malformed status line"},
      {"HTTP/1.x 200 OK\r\n\r\n", "malformed status line"},
      {"HTTP/1.1\r\n\r\n", "malformed status line"},
      {"HTTP/1.1 \r\n\r\nx", "malformed status line"},
      {"HTTP/1.1 2\r\n\r\n", "malformed status line"},
      {"HTTP/1.1 20 OK\r\n\r\n", "malformed status line"},
      {"HTTP/1.1 2000 OK\r\n\r\n", "malformed status line"},
      {"HTTP/1.1  200 OK\r\n\r\n", "malformed status line"},
      {"HTTP/1.1 200OK\r\n\r\n", "malformed status line"},
      {"HTTP/1.1 -20 OK\r\n\r\n", "malformed status line"},
      {"HTTP/1.1\t200 OK\r\n\r\n", "malformed status line"},
      {"HTTP/1.1 099 Low\r\n\r\n", "the status code is not in 100-599"},
      {"HTTP/1.1 600 High\r\n\r\n", "the status code is not in 100-599"},
      {"HTTP/1.1 200 O\rK\r\n\r\n", "control character in the status line"},
      {"HTTP/1.1 200\rOK\r\n\r\n", "control character in the status line"},
      {"HTTP/1.1 200 O\0K\r\n\r\n"s, "control character in the status line"},
      {"HTTP/1.1 200 OK\n\n", "a line of the header ends with LF alone"},
      {"HTTP/1.1 200 OK\r\nA: b\n\r\n", "a line of the header ends with LF alone"},
      {"HTTP/1.1 200 OK\r\n A: b\r\n\r\n", "a header field is folded over several lines"},
      {"HTTP/1.1 200 OK\r\nA : b\r\n\r\n", "white space between a header field's name and its colon"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
       "both Content-Length and Transfer-Encoding"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", "differing Content-Length fields"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", "the last transfer coding is not chunked"},
      {"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "Transfer-Encoding in HTTP/1.0"},
  };
  return all;
}

TEST(ResponseParser, Heads) {
  for (const auto& test : cases()) EXPECT_EQ(parse(test.input, test.method), test.expected) << test.input;
}

TEST(ResponseParser, EverySplitGivesTheSame) {
  for (const auto& test : cases()) {
    std::vector<std::size_t> all;
    for (std::size_t size = 0; size <= test.input.size(); ++size) all.push_back(size);
    ASSERT_EQ(parse_growing(test.input, all, 65536, test.method), test.expected) << "byte by byte: " << test.input;
    for (auto size : all) {
      ASSERT_EQ(parse_growing(test.input, {size, test.input.size()}, 65536, test.method), test.expected)
          << size << ": " << test.input;
    }
  }
}

TEST(ResponseParser, WhatIsNotHttpIsToldAtItsFirstWrongByte) {
  EXPECT_EQ(parse("HTTP/1"), "incomplete");
  EXPECT_EQ(parse("HTTP/2"), "the answer is not HTTP/1");
  EXPECT_EQ(parse("<"), "the answer is not HTTP/1");
}

TEST(ResponseParser, HeaderLimit) {
  const std::string head = "HTTP/1.1 204 No Content\r\nA: b\r\n\r\n";
  EXPECT_TRUE(parse(head, Method::other, head.size()).starts_with("1.1 204"));
  EXPECT_TRUE(parse(head + std::string(100, 'x'), Method::other, head.size()).starts_with("1.1 204"));
  const std::string over = "the header is over proxy.origin_header_max_bytes";
  EXPECT_EQ(parse(head, Method::other, head.size() - 1), over);
  EXPECT_EQ(parse(head.substr(0, 20), Method::other, 20), "incomplete");
  EXPECT_EQ(parse(head.substr(0, 21), Method::other, 20), over);
}

TEST(ResponseParser, AnyNumberOfFields) {
  std::string head = "HTTP/1.1 204 No Content\r\n";
  for (int i = 0; i < 1000; ++i) head += "A: b\r\n";
  ResponseParser parser;
  HeadScanner scanner;
  ASSERT_EQ(parser.parse(head + "\r\n", scanner, 65536, Method::other), State::complete);
  EXPECT_EQ(parser.response().fields.size(), 1000u);
}

TEST(ResponseParser, IsReusable) {
  ResponseParser parser;
  for (int round = 0; round < 2; ++round) {
    for (const auto& test : cases()) {
      HeadScanner scanner;
      ASSERT_EQ(summary(parser, parser.parse(test.input, scanner, 65536, test.method)), test.expected);
    }
  }
}

}  // namespace
}  // namespace holdfast::wire
