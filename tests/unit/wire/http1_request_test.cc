// SPDX-License-Identifier: Apache-2.0
#include "wire/http1_request.h"

#include <string>
#include <string_view>
#include <vector>

#include <fmt/core.h>
#include <gtest/gtest.h>

namespace holdfast::wire {
namespace {

using std::string_literals::operator""s;
using State = RequestParser::State;

std::string body_text(const RequestView& request) {
  switch (request.body_kind) {
    case BodyKind::none: return "none";
    case BodyKind::sized: return std::to_string(request.body_size);
    case BodyKind::streaming: return "chunked";
  }
  return "?";
}

/// What came out of a parse, as text.
std::string summary(const RequestParser& parser, State state) {
  if (state == State::incomplete) return "incomplete";
  if (state == State::refused) return fmt::format("{} {}", parser.error().status, parser.error().what);
  const auto& request = parser.request();
  auto text =
      fmt::format("{} {} host={} 1.{} body={} head={}{}{}{}", request.method, request.target, request.host,
                  request.minor_version, body_text(request), parser.head_size(), parser.keep_alive() ? " keep" : "",
                  parser.expects_continue() ? " expect" : "", request.wants_upgrade ? " upgrade" : "");
  for (const auto& field : request.fields) text += fmt::format("\n{}={}", field.name, field.value);
  return text;
}

/// Parses the input as it grows to each of these sizes, every time from a block of exactly that size.
std::string parse_growing(std::string_view input, const std::vector<std::size_t>& sizes, const RequestLimits& limits) {
  RequestParser parser;
  HeadScanner scanner;
  std::string result;
  for (auto size : sizes) {
    std::vector<char> block(input.begin(), input.begin() + static_cast<std::ptrdiff_t>(size));
    auto state = parser.parse({block.data(), block.size()}, scanner, limits);
    result = summary(parser, state);
    if (state != State::incomplete) break;
  }
  return result;
}

std::string parse(std::string_view input, const RequestLimits& limits = {}) {
  return parse_growing(input, {input.size()}, limits);
}

struct Case {
  std::string input;
  std::string expected;
};

const std::vector<Case>& good() {
  static const std::vector<Case> cases = {
      {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / host=a 1.1 body=none head=27 keep\nHost=a"},
      {"GET /p?q=%20 HTTP/1.1\r\nhOST: a:80\r\n\r\nrest",
       "GET /p?q=%20 host=a:80 1.1 body=none head=37 keep\nhOST=a:80"},
      {"GET / HTTP/1.9\r\nHost: a\r\n\r\n", "GET / host=a 1.1 body=none head=27 keep\nHost=a"},
      {"GET / HTTP/1.0\r\n\r\n", "GET / host=localhost 1.0 body=none head=18"},
      {"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
       "GET / host=localhost 1.0 body=none head=42 keep\nConnection=keep-alive"},
      {"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
       "GET / host=a 1.1 body=none head=46\nHost=a\nConnection=close"},
      {"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
       "POST /x host=a 1.1 body=5 head=48 keep\nHost=a\nContent-Length=5"},
      {"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
       "POST /x host=a 1.1 body=none head=48 keep\nHost=a\nContent-Length=0"},
      {"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
       "POST /x host=a 1.1 body=chunked head=57 keep\nHost=a\nTransfer-Encoding=chunked"},
      {"PUT /x HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nExpect: 100-Continue\r\n\r\n",
       "PUT /x host=a 1.1 body=1 head=69 keep expect\nHost=a\nContent-Length=1\nExpect=100-Continue"},
      {"PUT /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n",
       "PUT /x host=a 1.1 body=none head=50 keep\nHost=a\nExpect=100-continue"},
      {"PUT /x HTTP/1.0\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n",
       "PUT /x host=localhost 1.0 body=1 head=60\nContent-Length=1\nExpect=100-continue"},
      {"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS * host=a 1.1 body=none head=31 keep\nHost=a"},
      {"GET http://b.test/x HTTP/1.1\r\nHost: a\r\n\r\n", "GET /x host=b.test 1.1 body=none head=41 keep\nHost=a"},
      {"GET HTTPS://b.test:8443?q HTTP/1.1\r\nHost: a\r\n\r\n",
       "GET /?q host=b.test:8443 1.1 body=none head=47 keep\nHost=a"},
      {"GET http://[::1] HTTP/1.1\r\nHost: a\r\n\r\n", "GET / host=[::1] 1.1 body=none head=38 keep\nHost=a"},
      {"GET http://b.test HTTP/1.0\r\n\r\n", "GET / host=b.test 1.0 body=none head=30"},
      {"OPTIONS http://b.test HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS * host=b.test 1.1 body=none head=43 keep\nHost=a"},
      {"OPTIONS http://b.test/ HTTP/1.1\r\nHost: a\r\n\r\n",
       "OPTIONS / host=b.test 1.1 body=none head=44 keep\nHost=a"},
      {"GET /ws HTTP/1.1\r\nHost: a\r\nConnection: x, Upgrade\r\nUpgrade: WebSocket\r\n\r\n",
       "GET /ws host=a 1.1 body=none head=73 keep upgrade\nHost=a\nConnection=x, Upgrade\nUpgrade=WebSocket"},
      {"GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n",
       "GET /ws host=a 1.1 body=none head=49 keep\nHost=a\nUpgrade=websocket"},
      {"GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\n\r\n",
       "GET /ws host=a 1.1 body=none head=50 keep\nHost=a\nConnection=Upgrade"},
      {"GET /ws HTTP/1.0\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
       "GET /ws host=localhost 1.0 body=none head=61\nConnection=Upgrade\nUpgrade=websocket"},
      {"QUERY /a//../b HTTP/1.1\r\nHost: a\r\nX: \t\xc3\xa4 b\t\r\nX:\r\n\r\n",
       "QUERY /a//../b host=a 1.1 body=none head=51 keep\nHost=a\nX=\xc3\xa4 b\nX="},
  };
  return cases;
}

std::string get(std::string_view fields) {
  return "GET / HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n";
}
std::string line(std::string_view first_line) {
  return std::string(first_line) + "\r\nHost: a\r\n\r\n";
}

const std::vector<Case>& bad() {
  static const std::vector<Case> cases = {
      {"\x16\x03\x01", "400 this port speaks HTTP, not TLS"},
      {"\r\nGET / HTTP/1.1\r\n\r\n", "400 malformed request line"},
      {line(" GET / HTTP/1.1"), "400 malformed request line"},
      {line("GET"), "400 malformed request line"},
      {line("GET /"), "400 malformed request line"},
      {line("GET / "), "400 malformed request line"},
      {line("GET  / HTTP/1.1"), "400 malformed request line"},
      {line("GET /  HTTP/1.1"), "400 malformed request line"},
      {line("GET\t/ HTTP/1.1"), "400 malformed request line"},
      {line("G@T / HTTP/1.1"), "400 malformed request line"},
      {line("GET /a b HTTP/1.1"), "400 malformed request line"},
      {line("GET / HTTP/1.1 "), "400 malformed request line"},
      {line("GET / HTTP/1.10"), "400 malformed request line"},
      {line("GET / HTTP/11"), "400 malformed request line"},
      {line("GET / HTTP/1,1"), "400 malformed request line"},
      {line("GET / HTTP/1.x"), "400 malformed request line"},
      {line("GET / http/1.1"), "400 malformed request line"},
      {line("GET / HTTP/1.1\r"), "400 malformed request line"},
      {line("GET / HTTP/2.0"), "505 only HTTP/1.0 and HTTP/1.1 are spoken here"},
      {line("GET / HTTP/0.9"), "505 only HTTP/1.0 and HTTP/1.1 are spoken here"},
      {line("PRI * HTTP/2.0"), "505 only HTTP/1.0 and HTTP/1.1 are spoken here"},
      {line("GET /\tHTTP/1.1"), "400 illegal character in the request target"},
      {line("GET /a#b HTTP/1.1"), "400 illegal character in the request target"},
      {line("GET /\x80 HTTP/1.1"), "400 illegal character in the request target"},
      {line("GET /\x7f HTTP/1.1"), "400 illegal character in the request target"},
      {line("GET /a\0b HTTP/1.1"s), "400 illegal character in the request target"},
      {line(std::string(65, 'M') + " / HTTP/1.1"), "400 the request method is longer than 64 characters"},
      {line("CONNECT a:443 HTTP/1.1"), "501 CONNECT is not supported"},
      {line("GET * HTTP/1.1"), "400 the target * needs OPTIONS"},
      {line("GET x HTTP/1.1"), "400 the request target is neither a path nor an http URI"},
      {line("OPTIONS *x HTTP/1.1"), "400 the request target is neither a path nor an http URI"},
      {line("GET ftp://a/ HTTP/1.1"), "400 the request target is neither a path nor an http URI"},
      {line("GET http:/a HTTP/1.1"), "400 the request target is neither a path nor an http URI"},
      {line("GET http:///x HTTP/1.1"), "400 invalid host in the request target"},
      {line("GET http://u@a/ HTTP/1.1"), "400 invalid host in the request target"},
      {line("GET http://a:b/ HTTP/1.1"), "400 invalid host in the request target"},
      {"GET / HTTP/1.1\r\n\r\n", "400 no Host field"},
      {"GET http://a/ HTTP/1.1\r\n\r\n", "400 no Host field"},
      {get("Host: a\r\n"), "400 more than one Host field"},
      {"GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", "400 more than one Host field"},
      {"GET / HTTP/1.1\r\nHost:\r\n\r\n", "400 invalid Host field"},
      {"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", "400 invalid Host field"},
      {"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", "400 invalid Host field"},
      {"GET / HTTP/1.1\r\nHost: u@b\r\n\r\n", "400 invalid Host field"},
      {"GET http://b/ HTTP/1.1\r\nHost: a/b\r\n\r\n", "400 invalid Host field"},
      {"GET / HTTP/1.1\n\n", "400 a line ends with LF alone"},
      {"GET / HTTP/1.1\r\nHost: a\n\r\n", "400 a line ends with LF alone"},
      {"GET / HTTP/1.1\r\nHost: a\r\n\n", "400 a line ends with LF alone"},
      {"GET / HTTP/1.1\r\n Host: a\r\n\r\n", "400 a header field is folded over several lines"},
      {get("A: b\r\n c\r\n"), "400 a header field is folded over several lines"},
      {get("A : b\r\n"), "400 white space between a header field's name and its colon"},
      {get("A\r\n"), "400 a header field has no colon"},
      {get(": b\r\n"), "400 a header field has no name"},
      {get("A\"b: c\r\n"), "400 illegal character in a header field's name"},
      {get("A: b\rc\r\n"), "400 CR that does not end a line"},
      {get("A: b\0\r\n"s), "400 control character in a header field's value"},
      {get("A: \x1b[0m\r\n"), "400 control character in a header field's value"},
      {get("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), "400 both Content-Length and Transfer-Encoding"},
      {get("Content-Length: 5\r\nContent-Length: 6\r\n"), "400 differing Content-Length fields"},
      {get("Content-Length: 5, 5\r\n"), "400 Content-Length is not a whole number"},
      {get("Transfer-Encoding: gzip\r\n"), "400 the last transfer coding is not chunked"},
      {get("Transfer-Encoding: gzip, chunked\r\n"), "501 transfer codings other than chunked are not supported"},
      {"GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", "400 Transfer-Encoding in HTTP/1.0"},
      {get("Expect: 200-ok\r\n"), "417 the only expectation known is 100-continue"},
  };
  return cases;
}

TEST(RequestParser, GoodHeads) {
  for (const auto& test : good()) EXPECT_EQ(parse(test.input), test.expected) << test.input;
}

TEST(RequestParser, BadHeadsAndWhatIsSaidOfThem) {
  for (const auto& test : bad()) EXPECT_EQ(parse(test.input), test.expected) << test.input;
}

// However a head arrives, the same comes out of it.
TEST(RequestParser, EverySplitGivesTheSame) {
  for (const auto* cases : {&good(), &bad()}) {
    for (const auto& test : *cases) {
      std::vector<std::size_t> all;
      for (std::size_t size = 0; size <= test.input.size(); ++size) all.push_back(size);
      ASSERT_EQ(parse_growing(test.input, all, {}), test.expected) << "byte by byte: " << test.input;
      for (auto size : all) {
        ASSERT_EQ(parse_growing(test.input, {size, test.input.size()}, {}), test.expected)
            << size << ": " << test.input;
      }
    }
  }
}

TEST(RequestParser, IsReusable) {
  RequestParser parser;
  for (const auto* cases : {&good(), &bad(), &good()}) {
    for (const auto& test : *cases) {
      HeadScanner scanner;
      ASSERT_EQ(summary(parser, parser.parse(test.input, scanner, {})), test.expected);
    }
  }
}

TEST(RequestParser, EveryPrefixIsIncomplete) {
  for (const auto& test : good()) {
    auto head = test.input.find("\r\n\r\n") + 4;
    for (std::size_t size = 0; size < head; ++size) ASSERT_EQ(parse(test.input.substr(0, size)), "incomplete") << size;
  }
}

TEST(RequestParser, HeaderLimit) {
  auto head = get("A: b\r\n");
  RequestLimits limits;
  limits.header_max_bytes = head.size();
  EXPECT_TRUE(parse(head, limits).starts_with("GET"));
  EXPECT_TRUE(parse(head + std::string(100, 'x'), limits).starts_with("GET")) << "a body does not count";
  EXPECT_EQ(parse(head.substr(0, head.size() - 1), limits), "incomplete");
  limits.header_max_bytes = head.size() - 1;
  EXPECT_EQ(parse(head, limits), "431 the request header is over header_max_bytes");
  EXPECT_EQ(parse(get(std::string(100, 'x')).substr(0, limits.header_max_bytes), limits), "incomplete");
  EXPECT_EQ(parse(get(std::string(100, 'x')).substr(0, limits.header_max_bytes + 1), limits),
            "431 the request header is over header_max_bytes");
}

TEST(RequestParser, TargetLimit) {
  RequestLimits limits;
  limits.target_max_bytes = 5;
  EXPECT_TRUE(parse(line("GET /1234 HTTP/1.1"), limits).starts_with("GET /1234 "));
  EXPECT_EQ(parse(line("GET /12345 HTTP/1.1"), limits), "414 the request target is over target_max_bytes");
  limits.header_max_bytes = 20;
  EXPECT_EQ(parse(line("GET /12345 HTTP/1.1"), limits), "414 the request target is over target_max_bytes")
      << "the target is named first";
  EXPECT_EQ(parse("GET /" + std::string(16, 'x'), limits), "414 the request target is over target_max_bytes")
      << "a first line without end";
}

TEST(RequestParser, CountLimit) {
  RequestLimits limits;
  limits.header_max_count = 2;
  EXPECT_TRUE(parse(get("A: b\r\n"), limits).starts_with("GET"));
  EXPECT_EQ(parse(get("A: b\r\nA: b\r\n"), limits), "431 more header fields than header_max_count");
}

TEST(RequestParser, MethodLimit) {
  EXPECT_TRUE(parse(line(std::string(64, 'M') + " / HTTP/1.1")).starts_with("MMM"));
}

TEST(ValidAuthority, HostsAndPorts) {
  for (auto text : {"a", "a.test", "A-b_c~d", "127.0.0.1", "a:0", "a:80", "a:65535", "a:", "a:00080", "[::1]",
                    "[2001:DB8::a]:443", "[::ffff:1.2.3.4]", "a%20b", "a.test.", "xn--a"}) {
    EXPECT_TRUE(valid_authority(text)) << text;
  }
  for (auto text : {"",        ":",   ":80", "a:65536", "a:99999", "a:000080", "a:8x", "a:-1",    "a:80:80",
                    "a b",     "a/b", "a?b", "a#b",     "a@b",     "a\\b",     "a[b",  "a\"b",    "a<b",
                    "[",       "[]",  "[:]", "[::1",    "[::1]x",  "[::g]",    "::1",  "[::1]:x", "[fe80::1%25eth0]",
                    "\xc3\xa4"}) {
    EXPECT_FALSE(valid_authority(text)) << text;
  }
}

}  // namespace
}  // namespace holdfast::wire
