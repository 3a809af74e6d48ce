// SPDX-License-Identifier: Apache-2.0
#include "base/cause.h"

#include <set>
#include <string>

#include <gtest/gtest.h>

namespace holdfast::base {
namespace {

TEST(CauseText, EachHasItsOwn) {
  std::set<std::string> texts;
  for (int i = 0; i <= static_cast<int>(Cause::limit); ++i) {
    std::string text = to_text(static_cast<Cause>(i));
    EXPECT_EQ(text.find_first_not_of("abcdefghijklmnopqrstuvwxyz-"), std::string::npos) << text;
    EXPECT_TRUE(texts.insert(text).second) << text;
  }
  EXPECT_FALSE(texts.contains("unknown"));
  EXPECT_STREQ(to_text(Cause::none), "");
  EXPECT_STREQ(to_text(Cause::header_timeout), "header-timeout");
}

}  // namespace
}  // namespace holdfast::base
