// SPDX-License-Identifier: Apache-2.0
#include "origin/failure.h"

#include <cerrno>
#include <string>

#include <gtest/gtest.h>

#include "support/origin_bench.h"

namespace holdfast::origin {
namespace {

using wire::ProxyError;

TEST(OriginError, HasACauseForEachStage) {
  for (auto stage : {Stage::dns, Stage::connect, Stage::tls, Stage::write, Stage::header, Stage::body}) {
    EXPECT_STREQ(to_text(OriginError{.stage = stage}.cause()), to_text(stage));
    EXPECT_EQ(to_text(OriginError{.stage = stage, .timed_out = true}.cause()),
              std::string(to_text(stage)) + "-timeout");
  }
}

TEST(OriginError, OrIsOverALimitOfOurs) {
  OriginError error{.error = ProxyError::connection_limit_reached};
  EXPECT_TRUE(error.overload());
  EXPECT_STREQ(to_text(error.cause()), "limit");
  EXPECT_FALSE(OriginError{.error = ProxyError::connection_refused}.overload());
}

TEST(OriginError, WhatConnectSays) {
  EXPECT_EQ(connect_error_of(ECONNREFUSED), ProxyError::connection_refused);
  EXPECT_EQ(connect_error_of(ETIMEDOUT), ProxyError::connection_timeout);
  EXPECT_EQ(connect_error_of(ECONNRESET), ProxyError::connection_terminated);
  EXPECT_EQ(connect_error_of(EHOSTUNREACH), ProxyError::destination_ip_unroutable);
  EXPECT_EQ(connect_error_of(ENETUNREACH), ProxyError::destination_ip_unroutable);
  EXPECT_EQ(connect_error_of(EMFILE), ProxyError::proxy_internal_error);
  EXPECT_EQ(connect_error_of(EADDRNOTAVAIL), ProxyError::proxy_internal_error);
  EXPECT_EQ(connect_error_of(ENOENT), ProxyError::destination_unavailable) << "a unix socket that is not there";
  EXPECT_EQ(connect_error_of(EAGAIN), ProxyError::destination_unavailable) << "a unix socket whose queue is full";
}

TEST(OriginError, WhatAHandshakeSays) {
  EXPECT_EQ(handshake_error_of(net::Tls::Fault::certificate), ProxyError::tls_certificate_error);
  EXPECT_EQ(handshake_error_of(net::Tls::Fault::alert), ProxyError::tls_alert_received);
  EXPECT_EQ(handshake_error_of(net::Tls::Fault::protocol), ProxyError::tls_protocol_error);
  EXPECT_EQ(handshake_error_of(net::Tls::Fault::closed), ProxyError::connection_terminated);
}

TEST(OriginError, Silence) {
  EXPECT_EQ(timeout_error_of(Stage::dns), ProxyError::dns_timeout);
  EXPECT_EQ(timeout_error_of(Stage::connect), ProxyError::connection_timeout);
  EXPECT_EQ(timeout_error_of(Stage::tls), ProxyError::connection_timeout);
  EXPECT_EQ(timeout_error_of(Stage::write), ProxyError::connection_write_timeout);
  EXPECT_EQ(timeout_error_of(Stage::header), ProxyError::http_response_timeout);
  EXPECT_EQ(timeout_error_of(Stage::body), ProxyError::connection_read_timeout);
}

/// The error of a request that is answered with this, and then with the end of the connection.
enum class Then { closes, resets };
const char* error_after(std::string_view answer, Then then) {
  OriginOptions options;
  options.header_max_bytes = 300;
  test::OriginBench bench(options);
  test::Requester requester;
  auto connection = bench.request(requester);
  if (!answer.empty()) bench.peer.send(answer);
  test::settle(bench.core);
  if (then == Then::closes) {
    bench.peer.close();
  } else {
    bench.peer.reset();
  }
  EXPECT_TRUE(bench.wait_for([&] { return requester.over(); }));
  return requester.failed ? to_text(requester.error) : "none";
}

TEST(OriginError, WhatAnAnswerSays) {
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  const std::string chunked = ok + "Transfer-Encoding: chunked\r\n\r\n";
  for (auto then : {Then::closes, Then::resets}) {
    EXPECT_STREQ(error_after("", then), "connection_terminated");
    EXPECT_STREQ(error_after("HTTP/1.1 20", then), "http_response_incomplete");
    EXPECT_STREQ(error_after(ok + "Content-Length: 2\r\n\r\nx", then), "http_response_incomplete");
    EXPECT_STREQ(error_after(chunked, then), "http_response_incomplete");
    EXPECT_STREQ(error_after("hello", then), "http_protocol_error");
    EXPECT_STREQ(error_after("HTTP/1.1 999 OK\r\n\r\n", then), "http_protocol_error");
    EXPECT_STREQ(error_after("HTTP/1.1 101 Switch\r\n\r\n", then), "http_protocol_error");
    EXPECT_STREQ(error_after(ok + "X: " + std::string(300, 'x'), then), "http_response_header_section_size");
    EXPECT_STREQ(error_after(ok + "X: " + std::string(300, 'x') + "\r\n\r\n", then),
                 "http_response_header_section_size");
    EXPECT_STREQ(error_after(ok + "Transfer-Encoding: gzip, chunked\r\n\r\n", then), "http_response_transfer_coding");
    EXPECT_STREQ(error_after(chunked + "x\r\n", then), "http_response_transfer_coding");
  }
}

}  // namespace
}  // namespace holdfast::origin
