// SPDX-License-Identifier: Apache-2.0
#include "base/utf8.h"

#include <string>

#include <gtest/gtest.h>

namespace holdfast::base {
namespace {

TEST(Utf8, AcceptsTextOfEveryLength) {
  EXPECT_TRUE(valid_utf8(""));
  EXPECT_TRUE(valid_utf8("plain ASCII of more than eight bytes"));
  EXPECT_TRUE(valid_utf8(std::string("nul\0inside", 10)));
  EXPECT_TRUE(valid_utf8("\xc2\x80 \xdf\xbf"));
  EXPECT_TRUE(valid_utf8("\xe0\xa0\x80 \xed\x9f\xbf \xee\x80\x80 \xef\xbf\xbf"));
  EXPECT_TRUE(valid_utf8("\xf0\x90\x80\x80 \xf4\x8f\xbf\xbf"));
}

TEST(Utf8, RefusesWhatRfc3629Excludes) {
  EXPECT_FALSE(valid_utf8("\x80")) << "continuation alone";
  EXPECT_FALSE(valid_utf8("\xc0\x80")) << "overlong NUL";
  EXPECT_FALSE(valid_utf8("\xc1\xbf")) << "overlong, two bytes";
  EXPECT_FALSE(valid_utf8("\xe0\x9f\xbf")) << "overlong, three bytes";
  EXPECT_FALSE(valid_utf8("\xf0\x8f\xbf\xbf")) << "overlong, four bytes";
  EXPECT_FALSE(valid_utf8("\xed\xa0\x80")) << "surrogate";
  EXPECT_FALSE(valid_utf8("\xf4\x90\x80\x80")) << "over U+10FFFF";
  EXPECT_FALSE(valid_utf8("\xf5\x80\x80\x80")) << "no such first byte";
  EXPECT_FALSE(valid_utf8("\xff"));
}

TEST(Utf8, RefusesCutAndBrokenSequences) {
  EXPECT_FALSE(valid_utf8("a\xc3"));
  EXPECT_FALSE(valid_utf8("\xe2\x82"));
  EXPECT_FALSE(valid_utf8("\xf0\x9f\x90"));
  EXPECT_FALSE(valid_utf8("\xc3q"));
  EXPECT_FALSE(valid_utf8("\xe2\x82q"));
  EXPECT_FALSE(valid_utf8("\xe2q\x82"));
  EXPECT_FALSE(valid_utf8("\xf0\x9f\x90q"));
}

// The ASCII prefix is skipped in words; a bad byte must be found wherever it stands in one.
TEST(Utf8, FindsABadByteAtEveryPlace) {
  for (std::size_t size = 1; size <= 24; ++size) {
    for (std::size_t at = 0; at < size; ++at) {
      std::string text(size, 'x');
      EXPECT_TRUE(valid_utf8(text));
      text[at] = '\xff';
      EXPECT_FALSE(valid_utf8(text)) << at << " of " << size;
    }
  }
}

}  // namespace
}  // namespace holdfast::base
