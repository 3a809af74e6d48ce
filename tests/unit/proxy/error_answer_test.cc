// SPDX-License-Identifier: Apache-2.0
#include "proxy/error_answer.h"

#include <gtest/gtest.h>

#include "support/fake_exchange.h"

namespace holdfast::proxy {
namespace {

TEST(ErrorAnswer, IsALineOfTextAndAStatus) {
  test::FakeExchange exchange;
  answer_error(exchange, "edge", {502, wire::ProxyError::connection_refused, "It is \"down\".", "10.0.0.1:80"});
  ASSERT_TRUE(exchange.head());
  EXPECT_EQ(exchange.head()->status, 502);
  EXPECT_EQ(exchange.head()->fields_text(),
            "Content-Type: text/plain\nProxy-Status: edge; error=connection_refused; details=\"10.0.0.1:80\"\n");
  EXPECT_EQ(exchange.body(), "It is \"down\".\n");
  EXPECT_TRUE(exchange.over());
  EXPECT_EQ(exchange.reason(), CloseReason::origin_failed);
}

TEST(ErrorAnswer, MaySayWhenToComeBack) {
  test::FakeExchange exchange;
  answer_error(exchange, "edge", {503, wire::ProxyError::connection_limit_reached, "Too many.", {}, 7});
  ASSERT_TRUE(exchange.head());
  EXPECT_EQ(exchange.head()->fields_text(),
            "Content-Type: text/plain\nProxy-Status: edge; error=connection_limit_reached\nRetry-After: 7\n");
  EXPECT_EQ(exchange.reason(), CloseReason::refused);
}

TEST(ErrorAnswer, TheCloseReasonTellsWhoIsToBlame) {
  for (auto [status, reason] : {std::pair{504, CloseReason::origin_failed},
                                {501, CloseReason::refused},
                                {503, CloseReason::refused},
                                {400, CloseReason::refused}}) {
    test::FakeExchange exchange;
    answer_error(exchange, "holdfast", {status, wire::ProxyError::proxy_internal_response, "no"});
    EXPECT_EQ(exchange.reason(), reason) << status;
  }
}

}  // namespace
}  // namespace holdfast::proxy
