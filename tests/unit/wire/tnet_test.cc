// SPDX-License-Identifier: Apache-2.0
#include "wire/tnet.h"

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"

namespace holdfast::wire {
namespace {

using base::Json;
using ::testing::HasSubstr;

Json parsed(std::string_view bytes) {
  auto value = parse_tnet(bytes);
  EXPECT_TRUE(value.has_value()) << bytes << ": " << (value ? "" : value.error().what);
  return value ? *value : Json("no value");
}

std::string refused(std::string_view bytes) {
  auto value = parse_tnet(bytes);
  EXPECT_FALSE(value.has_value()) << bytes;
  return value ? "" : value.error().what;
}

std::string lists(int depth) {
  std::string text;
  for (int i = 0; i < depth; ++i) text = std::to_string(text.size()) + ":" + text + "]";
  return text;
}

TEST(Tnet, Scalars) {
  EXPECT_EQ(parsed("5:hello,"), Json("hello"));
  EXPECT_EQ(parsed("0:,"), Json(""));
  EXPECT_EQ(parsed("2:42#"), Json(42));
  EXPECT_EQ(parsed("3:-42#"), Json(-42));
  EXPECT_EQ(parsed("4:-1.5^"), Json(-1.5));
  EXPECT_EQ(parsed("5:1e-07^"), Json(1e-07));
  EXPECT_EQ(parsed("1:2^"), Json(2.0));
  EXPECT_EQ(parsed("4:true!"), Json(true));
  EXPECT_EQ(parsed("5:false!"), Json(false));
  EXPECT_EQ(parsed("0:~"), Json(nullptr));
}

TEST(Tnet, IntegersUpToTheLimits) {
  EXPECT_EQ(parsed("20:-9223372036854775808#"), Json(INT64_MIN));
  EXPECT_EQ(parsed("19:9223372036854775807#"), Json(INT64_MAX));
  EXPECT_EQ(parsed("20:18446744073709551615#"), Json(UINT64_MAX));
  EXPECT_THAT(refused("20:18446744073709551616#"), HasSubstr("out of range"));
  EXPECT_THAT(refused("20:-9223372036854775809#"), HasSubstr("out of range"));
}

TEST(Tnet, BytesAreKeptAsTheyAre) {
  std::string bytes("\0\xff:5,\r\n", 7);
  EXPECT_EQ(parsed("7:" + bytes + ",").get<std::string>(), bytes);
}

TEST(Tnet, ListsAndMaps) {
  EXPECT_EQ(parsed("0:]"), Json::array());
  EXPECT_EQ(parsed("0:}"), Json::object());
  EXPECT_EQ(parsed("11:1:a,4:true!]"), Json({"a", true}));
  EXPECT_EQ(parsed("22:1:a,1:1#1:b,7:1:c,0:~}}"), Json::parse(R"({"a":1,"b":{"c":null}})"));
}

TEST(Tnet, LastOfADuplicateKeyWins) {
  auto map = parsed("24:1:a,1:1#1:b,1:2#1:a,1:3#}");
  EXPECT_EQ(map.size(), 2u);
  EXPECT_EQ(map["a"], 3);
  EXPECT_EQ(map["b"], 2);
}

TEST(Tnet, BadLengthsAreRefused) {
  EXPECT_EQ(refused(""), "tnetstring: at byte 0: nothing is left where a length is needed");
  EXPECT_EQ(refused(":"), "tnetstring: at byte 0: \":\" where a length is needed");
  EXPECT_THAT(refused("-1:,"), HasSubstr("\"-\" where a length is needed"));
  EXPECT_THAT(refused(" 1:a,"), HasSubstr("\" \" where a length is needed"));
  EXPECT_THAT(refused("+1:a,"), HasSubstr("where a length is needed"));
  EXPECT_THAT(refused("01:a,"), HasSubstr("leading zero"));
  EXPECT_THAT(refused("00:,"), HasSubstr("leading zero"));
  EXPECT_THAT(refused("5"), HasSubstr("no ':'"));
  EXPECT_THAT(refused("5;hello,"), HasSubstr("no ':'"));
  EXPECT_THAT(refused("1234567890:x,"), HasSubstr("more than 9 digits"));
  EXPECT_THAT(refused("99999999999999999999999:x,"), HasSubstr("more than 9 digits"));
}

TEST(Tnet, LengthsBeyondTheInputAreRefused) {
  EXPECT_EQ(refused("5:abc"),
            "tnetstring: at byte 0: the length is 5 bytes, with the type behind them, but 3 are left");
  EXPECT_THAT(refused("3:abc"), HasSubstr("3 are left"));
  EXPECT_THAT(refused("0:"), HasSubstr("0 are left"));
  EXPECT_THAT(refused("99999999:x,"), HasSubstr("99999999 bytes"));
  EXPECT_THAT(refused("999999999:x,"), HasSubstr("999999999 bytes"));
}

TEST(Tnet, AnElementMayNotReachOutOfItsList) {
  EXPECT_THAT(refused("4:9:a,]aaaaaaaa"), HasSubstr("8 bytes follow"));
  EXPECT_THAT(refused("4:9:a,]"), HasSubstr("at byte 2: the length is 9 bytes"));
  EXPECT_THAT(refused("3:1:a]"), HasSubstr("1 bytes, with the type"))
      << "the type of the list is not that of its element";
}

TEST(Tnet, TheWholeInputMustBeUsed) {
  EXPECT_EQ(refused("1:a,x"), "tnetstring: at byte 4: 1 bytes follow the value");
  EXPECT_THAT(refused("1:a,1:b,"), HasSubstr("4 bytes follow"));
}

TEST(Tnet, BadPayloadsAreRefused) {
  EXPECT_THAT(refused("1:a?"), HasSubstr("unknown type \"?\""));
  EXPECT_THAT(refused("1:a\n"), HasSubstr("unknown type \"\\x0a\""));
  for (const char* integer : {"0:#", "1:-#", "2:+1#", "2: 1#", "2:1 #", "3:1.0#", "2:1a#", "3:0x1#"}) {
    EXPECT_THAT(refused(integer), HasSubstr("integer")) << integer;
  }
  for (const char* number : {"0:^", "1:.^", "3:1,5^", "2:+1^", "2:1x^", "3:inf^", "3:nan^", "5:1e999^", "2: 1^"}) {
    EXPECT_THAT(refused(number), HasSubstr("float")) << number;
  }
  for (const char* boolean : {"0:!", "4:True!", "1:1!", "5:true !"}) {
    EXPECT_THAT(refused(boolean), HasSubstr("neither true nor false")) << boolean;
  }
  EXPECT_THAT(refused("4:null~"), HasSubstr("null"));
}

TEST(Tnet, BadMapsAreRefused) {
  EXPECT_EQ(refused("4:1:a,}"), "tnetstring: at byte 2: the key of a map has no value behind it");
  EXPECT_THAT(refused("8:1:1#1:a,}"), HasSubstr("key of a map is not a byte string"));
  EXPECT_THAT(refused("4:a:b,}"), HasSubstr("at byte 2"));
}

TEST(Tnet, ErrorsNameTheByteOfTheBadElement) {
  EXPECT_THAT(refused("15:1:a,8:1:x,1:y?]]"), HasSubstr("at byte 13"));
  EXPECT_THAT(refused("8:1:a,1:x#]"), HasSubstr("at byte 6"));
}

TEST(Tnet, DepthIsLimited) {
  EXPECT_TRUE(parse_tnet(lists(kTnetMaxDepth)).has_value());
  EXPECT_THAT(refused(lists(kTnetMaxDepth + 1)), HasSubstr("nested more than 32 deep"));
  EXPECT_THAT(refused(lists(2000)), HasSubstr("nested"));
}

TEST(Tnet, AMapOfManyKeysIsRead) {
  constexpr int kKeys = 20'000;
  std::string payload;
  for (int i = 0; i < kKeys; ++i) payload += encode_tnet(Json(std::to_string(i))) + "0:~";
  EXPECT_EQ(parsed(std::to_string(payload.size()) + ":" + payload + "}").size(), static_cast<std::size_t>(kKeys));
}

// Every prefix and every changed byte of a valid input is read without harm; sanitizers watch.
TEST(Tnet, MutilatedInputIsHarmless) {
  auto whole =
      encode_tnet(Json::parse(R"({"channel":"c","formats":{"http-stream":{"content":"x"}},"n":[1,-2.5,true]})"));
  ASSERT_TRUE(parse_tnet(whole).has_value());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    std::string prefix(whole, 0, size);
    prefix.shrink_to_fit();
    EXPECT_FALSE(parse_tnet(prefix).has_value()) << prefix;
  }
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (int c = 0; c < 256; ++c) {
      auto changed = whole;
      changed[at] = static_cast<char>(c);
      auto value = parse_tnet(changed);
      if (!value) continue;
      EXPECT_TRUE(parse_tnet(encode_tnet(*value)).has_value()) << changed;
    }
  }
}

TEST(Tnet, Encodes) {
  EXPECT_EQ(encode_tnet(Json("hello")), "5:hello,");
  EXPECT_EQ(encode_tnet(Json("")), "0:,");
  EXPECT_EQ(encode_tnet(Json(-42)), "3:-42#");
  EXPECT_EQ(encode_tnet(Json(UINT64_MAX)), "20:18446744073709551615#");
  EXPECT_EQ(encode_tnet(Json(1.5)), "3:1.5^");
  EXPECT_EQ(encode_tnet(Json(true)), "4:true!");
  EXPECT_EQ(encode_tnet(Json(nullptr)), "0:~");
  EXPECT_EQ(encode_tnet(Json(std::numeric_limits<double>::infinity())), "0:~");
  EXPECT_EQ(encode_tnet(Json::binary({0x00, 0xff})), std::string("2:\0\xff,", 5));
  EXPECT_EQ(encode_tnet(Json({"a", true})), "11:1:a,4:true!]");
  EXPECT_EQ(encode_tnet(Json::parse(R"({"a":{},"z":1})")), "15:1:a,0:}1:z,1:1#}");
}

TEST(Tnet, RoundTrips) {
  auto value = Json::parse(
      R"({"channel":"c","id":"1","formats":{"http-stream":{"content":"x\ny"}},"list":[null,true,-7,0.1,1e300,[]]})");
  EXPECT_EQ(parsed(encode_tnet(value)), value);
  Json raw = {{"content", std::string("\0\xff\x80", 3)}};
  EXPECT_EQ(parsed(encode_tnet(raw)), raw);
}

}  // namespace
}  // namespace holdfast::wire
