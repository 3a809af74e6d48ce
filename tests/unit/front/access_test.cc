// SPDX-License-Identifier: Apache-2.0
#include "front/access.h"

#include <set>
#include <string>

#include <gtest/gtest.h>

namespace holdfast::front {
namespace {

TEST(CloseReasonText, EachHasItsOwn) {
  std::set<std::string> texts;
  for (auto reason : {CloseReason::finished, CloseReason::client_gone, CloseReason::origin_failed,
                      CloseReason::published, CloseReason::slow_client, CloseReason::timeout, CloseReason::refused,
                      CloseReason::shutdown, CloseReason::dismissed}) {
    std::string text = to_text(reason);
    EXPECT_EQ(text.find_first_of(" _\""), std::string::npos) << text;
    texts.insert(text);
  }
  EXPECT_EQ(texts.size(), 9u);
  EXPECT_FALSE(texts.contains("unknown"));
}

TEST(ConnectionText, IsTheInstanceAndTheNumber) {
  auto one = connection_text(0x1f);
  auto two = connection_text(std::uint64_t{1} << 40);
  EXPECT_EQ(one.substr(8), ":1f");
  EXPECT_EQ(two.substr(8), ":10000000000");
  EXPECT_EQ(one.substr(0, 8), two.substr(0, 8));
  EXPECT_EQ(one.substr(0, 8).find_first_not_of("0123456789abcdef"), std::string::npos);
}

TEST(ConnectionText, IsReadBack) {
  for (std::uint64_t number :
       {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{0x1f}, std::uint64_t{1} << 40, UINT64_MAX}) {
    EXPECT_EQ(parse_connection(connection_text(number)), number);
  }
  auto text = connection_text(0x1f);
  auto instance = text.substr(0, 8);
  for (const std::string& bad :
       {std::string(), std::string(":"), std::string("1f"), instance, instance + ":", instance + ":01f",
        instance + ":1F", instance + ":1f ", instance + ":0x1f", instance + ":1ffffffffffffffff", instance + ":-1",
        std::string(instance == "00000000" ? "00000001" : "00000000") + ":1f"}) {
    EXPECT_EQ(parse_connection(bad), std::nullopt) << bad;
  }
}

}  // namespace
}  // namespace holdfast::front
