// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdfast::base {
namespace {

using ::testing::ElementsAre;

std::string all_bytes() {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  return bytes;
}

TEST(Text, LowerTouchesAsciiLettersOnly) {
  EXPECT_EQ(to_lower("AZaz09[]@`"), "azaz09[]@`");
  EXPECT_EQ(to_lower("\xc3\x84"), "\xc3\x84");
  EXPECT_EQ(lower('Q'), 'q');
}

TEST(Text, IequalsIgnoresCaseAndNothingElse) {
  EXPECT_TRUE(iequals("Content-Type", "cONTENT-tYPE"));
  EXPECT_TRUE(iequals("", ""));
  EXPECT_FALSE(iequals("abc", "abcd"));
  EXPECT_FALSE(iequals("a[", "a{")) << "these differ by the case bit alone";
  EXPECT_FALSE(iequals("a_b", "a-b"));
}

TEST(Text, IstartsWith) {
  EXPECT_TRUE(istarts_with("GRIP-Hold", "grip-"));
  EXPECT_TRUE(istarts_with("x", ""));
  EXPECT_FALSE(istarts_with("grip", "grip-"));
  EXPECT_FALSE(istarts_with("x-grip-", "grip-"));
}

TEST(Text, TrimTakesSpacesAndTabs) {
  EXPECT_EQ(trim(" \t a b\t "), "a b");
  EXPECT_EQ(trim(" \t "), "");
  EXPECT_EQ(trim(""), "");
  EXPECT_EQ(trim("\ra\n"), "\ra\n") << "OWS has no line ends";
}

TEST(Text, SplitKeepsEmptyParts) {
  EXPECT_THAT(split("a, b ,,c", ','), ElementsAre("a", "b", "", "c"));
  EXPECT_THAT(split("", ','), ElementsAre(""));
  EXPECT_THAT(split(",", ','), ElementsAre("", ""));
  EXPECT_THAT(split("no separator", ','), ElementsAre("no separator"));
}

TEST(Text, ParseDecimal) {
  EXPECT_EQ(parse_decimal("0"), 0u);
  EXPECT_EQ(parse_decimal("007"), 7u);
  EXPECT_EQ(parse_decimal("18446744073709551615"), UINT64_MAX);
}

TEST(Text, ParseDecimalRefusesAllElse) {
  for (const char* text :
       {"", "-1", "+1", " 1", "1 ", "1.0", "0x1", "1e3", "18446744073709551616", "99999999999999999999999"}) {
    EXPECT_FALSE(parse_decimal(text)) << text;
  }
}

// RFC 4648 §10.
TEST(Text, Base64TestVectors) {
  const std::pair<std::string, std::string> vectors[] = {{"", ""},        {"f", "Zg=="},        {"fo", "Zm8="},
                                                         {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, coded] : vectors) {
    EXPECT_EQ(encode_base64(plain), coded);
    EXPECT_EQ(decode_base64(coded), plain);
  }
}

TEST(Text, Base64CarriesEveryByte) {
  EXPECT_EQ(decode_base64(encode_base64(all_bytes())), all_bytes());
}

TEST(Text, Base64DecodesLeniently) {
  EXPECT_EQ(decode_base64("Zm9v\r\nYmFy\n"), "foobar");
  EXPECT_EQ(decode_base64("Zm8"), "fo");
  EXPECT_EQ(decode_base64("_-8="), decode_base64("/+8="));
  EXPECT_EQ(decode_base64("Z"), "") << "six bits are no byte";
  EXPECT_EQ(decode_base64("!?"), "");
}

TEST(Text, Base64IsStrictWhereAMistakeMustShow) {
  EXPECT_EQ(decode_strict_base64("Zm9vYg=="), "foob");
  EXPECT_EQ(decode_strict_base64("Zm9vYg"), "foob");
  EXPECT_EQ(decode_strict_base64("_-8"), "\xff\xef");
  EXPECT_EQ(decode_strict_base64(""), "");
  for (auto text : {"Zm9v\n", "Zm9v Yg==", "Zm9vY", "Zm9vYg=", "Zm9v=", "=", "====", "Zm=9", "Zm9v!"}) {
    EXPECT_EQ(decode_strict_base64(text), std::nullopt) << text;
  }
}

TEST(Text, DecodeHex) {
  EXPECT_EQ(decode_hex(""), "");
  EXPECT_EQ(decode_hex("00ffAb"), std::string("\x00\xff\xab", 3));
  EXPECT_FALSE(decode_hex("abc"));
  EXPECT_FALSE(decode_hex("zz"));
  EXPECT_FALSE(decode_hex("0x"));
  EXPECT_FALSE(decode_hex("ab "));
}

TEST(Text, PrintableKeepsALogLineWhole) {
  EXPECT_EQ(printable("a\r\nb"), "a\\x0d\\x0ab");
  EXPECT_EQ(printable("\"\\\x7f"), "\\x22\\x5c\\x7f");
  EXPECT_EQ(printable("\xc5\xbelu\xc5\xa5"), "\xc5\xbelu\xc5\xa5");
  EXPECT_EQ(printable(std::string_view("\0", 1)), "\\x00");
}

TEST(Text, PrintableIsCutAtTheLimit) {
  EXPECT_EQ(printable("abcdef", 6), "abcdef");
  EXPECT_EQ(printable("abcdef", 3), "abc…");
  EXPECT_EQ(printable(std::string(1000, 'x')), std::string(200, 'x') + "…");
}

TEST(Text, EditDistance) {
  EXPECT_EQ(edit_distance("", ""), 0u);
  EXPECT_EQ(edit_distance("abc", ""), 3u);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
  EXPECT_EQ(edit_distance("listen", "listne"), 2u);
}

TEST(Text, NearestSuggestsOnlyWhatIsNear) {
  EXPECT_EQ(nearest("worker", {"listen", "workers", "http2"}), "workers");
  EXPECT_EQ(nearest("xyzzy", {"listen", "workers"}), "");
  EXPECT_EQ(nearest("x", {}), "");
}

}  // namespace
}  // namespace holdfast::base
