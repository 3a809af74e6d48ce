// SPDX-License-Identifier: Apache-2.0
#include "wire/proxy_status.h"

#include <set>
#include <string>

#include <gtest/gtest.h>

namespace holdfast::wire {
namespace {

TEST(ProxyStatus, OneMember) {
  EXPECT_EQ(encode_proxy_status("holdfast", ProxyError::connection_refused), "holdfast; error=connection_refused");
  EXPECT_EQ(encode_proxy_status("holdfast", ProxyError::dns_error, "no such name"),
            "holdfast; error=dns_error; details=\"no such name\"");
}

TEST(ProxyStatus, ANameThatIsNoTokenIsAString) {
  EXPECT_EQ(encode_proxy_status("cdn.example.com:8080", ProxyError::dns_error),
            "cdn.example.com:8080; error=dns_error");
  EXPECT_EQ(encode_proxy_status("*a/b", ProxyError::dns_error), "*a/b; error=dns_error");
  EXPECT_EQ(encode_proxy_status("192.0.2.1:80", ProxyError::dns_error), "\"192.0.2.1:80\"; error=dns_error");
  EXPECT_EQ(encode_proxy_status("[::1]:80", ProxyError::dns_error), "\"[::1]:80\"; error=dns_error");
  EXPECT_EQ(encode_proxy_status("a b", ProxyError::dns_error), "\"a b\"; error=dns_error");
}

TEST(ProxyStatus, DetailsAreAStructuredString) {
  EXPECT_EQ(encode_proxy_status("h", ProxyError::dns_error, "a \"b\" \\ c"),
            R"(h; error=dns_error; details="a \"b\" \\ c")");
  EXPECT_EQ(encode_proxy_status("h", ProxyError::dns_error, "x\r\ny\x7f\xc3\xa4"),
            R"(h; error=dns_error; details="x??y???")");
  EXPECT_LT(encode_proxy_status("h", ProxyError::dns_error, std::string(10000, '"')).size(), 1100u);
}

TEST(ProxyStatus, EachErrorHasItsRegisteredName) {
  // RFC 9209 §2.3
  const std::set<std::string> registered{"dns_timeout",
                                         "dns_error",
                                         "destination_not_found",
                                         "destination_unavailable",
                                         "destination_ip_prohibited",
                                         "destination_ip_unroutable",
                                         "connection_refused",
                                         "connection_terminated",
                                         "connection_timeout",
                                         "connection_read_timeout",
                                         "connection_write_timeout",
                                         "connection_limit_reached",
                                         "tls_protocol_error",
                                         "tls_certificate_error",
                                         "tls_alert_received",
                                         "http_request_error",
                                         "http_request_denied",
                                         "http_response_incomplete",
                                         "http_response_header_section_size",
                                         "http_response_header_size",
                                         "http_response_body_size",
                                         "http_response_trailer_section_size",
                                         "http_response_trailer_size",
                                         "http_response_transfer_coding",
                                         "http_response_content_coding",
                                         "http_response_timeout",
                                         "http_upgrade_failed",
                                         "http_protocol_error",
                                         "proxy_internal_response",
                                         "proxy_internal_error",
                                         "proxy_configuration_error",
                                         "proxy_loop_detected"};
  std::set<std::string> seen;
  for (int i = 0; i <= static_cast<int>(ProxyError::proxy_configuration_error); ++i) {
    std::string name = to_text(static_cast<ProxyError>(i));
    EXPECT_TRUE(registered.contains(name)) << name;
    EXPECT_TRUE(seen.insert(name).second) << name;
  }
}

TEST(ProxyStatus, OfAStatusThatIsOurOwnDecision) {
  for (int status : {400, 408, 413, 414, 417, 431}) EXPECT_EQ(error_of_status(status), ProxyError::http_request_error);
  EXPECT_EQ(error_of_status(501), ProxyError::proxy_internal_response);
  EXPECT_EQ(error_of_status(505), ProxyError::proxy_internal_response);
  EXPECT_EQ(error_of_status(503), ProxyError::connection_limit_reached);
}

}  // namespace
}  // namespace holdfast::wire
