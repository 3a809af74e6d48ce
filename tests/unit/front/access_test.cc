// SPDX-License-Identifier: Apache-2.0
#include "front/access.h"

#include <set>
#include <string>

#include <gtest/gtest.h>

namespace holdfast::front {
namespace {

TEST(CloseReasonText, EachHasItsOwn) {
  std::set<std::string> texts;
  for (auto reason :
       {CloseReason::finished, CloseReason::client_gone, CloseReason::origin_failed, CloseReason::published,
        CloseReason::slow_client, CloseReason::timeout, CloseReason::refused, CloseReason::shutdown}) {
    std::string text = to_text(reason);
    EXPECT_EQ(text.find_first_of(" _\""), std::string::npos) << text;
    texts.insert(text);
  }
  EXPECT_EQ(texts.size(), 8u);
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

}  // namespace
}  // namespace holdfast::front
