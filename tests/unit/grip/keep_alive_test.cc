// SPDX-License-Identifier: Apache-2.0
#include "grip/keep_alive.h"

#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdfast::grip {
namespace {

using ::testing::HasSubstr;

KeepAlive parsed(std::string_view value) {
  auto result = parse_keep_alive(value);
  EXPECT_TRUE(result.has_value()) << value << ": " << (result ? "" : result.error().what);
  return result ? *result : KeepAlive{};
}

Error refused(std::string_view value) {
  auto result = parse_keep_alive(value);
  EXPECT_FALSE(result.has_value()) << value;
  return result ? Error{} : result.error();
}

TEST(KeepAlive, Defaults) {
  auto keep_alive = parsed("ping");
  EXPECT_EQ(keep_alive.content, "ping");
  EXPECT_EQ(keep_alive.mode, KeepAlive::Mode::idle);
  EXPECT_EQ(keep_alive.timeout_s, 55);
}

TEST(KeepAlive, RawIsTakenAsWritten) {
  auto keep_alive = parsed(R"( a, b: \n "c"  ; timeout=1)");
  EXPECT_EQ(keep_alive.content, R"(a, b: \n "c")");
  EXPECT_EQ(keep_alive.timeout_s, 1);
  EXPECT_EQ(parsed(R"(\n; format=raw)").content, R"(\n)");
}

TEST(KeepAlive, Modes) {
  EXPECT_EQ(parsed("x; mode=idle").mode, KeepAlive::Mode::idle);
  EXPECT_EQ(parsed("x; mode=interval").mode, KeepAlive::Mode::interval);
  EXPECT_EQ(parsed(R"(x; Mode="interval")").mode, KeepAlive::Mode::interval);
}

TEST(KeepAlive, TimeoutOfZeroBecomesOne) {
  EXPECT_EQ(parsed("x; timeout=0").timeout_s, 1);
}

TEST(KeepAlive, SpellingsOfLibraries) {
  auto django = parsed(R"(event: keep-alive\ndata:\n\n; format=cstring; timeout=20)");
  EXPECT_EQ(django.content, "event: keep-alive\ndata:\n\n");
  EXPECT_EQ(django.timeout_s, 20);
  EXPECT_EQ(parsed(R"(\n; format=cstring; timeout=20)").content, "\n");
  auto binary = parsed("AAEKIQ==; format=base64; timeout=20");
  EXPECT_EQ(binary.content, std::string("\0\1\n!", 4));
  EXPECT_EQ(binary.timeout_s, 20);
}

TEST(KeepAlive, Base64IsLenient) {
  EXPECT_EQ(parsed("aGV sbG8; format=base64").content, "hello");
  EXPECT_EQ(parsed("aGVsbG8; FORMAT=base64").content, "hello");
}

TEST(KeepAlive, UnknownFormatOrModeIsRefused) {
  auto error = refused("x; format=morse");
  EXPECT_EQ(error.status, 502);
  EXPECT_EQ(error.what, "Grip-Keep-Alive: the format \"morse\" is none of raw, cstring and base64");
  EXPECT_EQ(refused("x; mode=never").what, "Grip-Keep-Alive: the mode \"never\" is neither idle nor interval");
  refused("x; mode=");
  refused("x; format=RAW");
  refused("x; mode=Idle");
}

TEST(KeepAlive, BadTimeoutIsRefused) {
  EXPECT_EQ(refused("x; timeout=soon").what,
            "Grip-Keep-Alive: timeout: \"soon\" is not a whole number of seconds from 0");
  for (const char* value : {"x; timeout=-1", "x; timeout=", "x; timeout=1.5", "x; timeout=+1", "x; timeout=1s",
                            "x; timeout=1000000001", "x; timeout=99999999999999999999999"}) {
    EXPECT_EQ(refused(value).status, 502);
  }
  EXPECT_EQ(parsed("x; timeout=1000000000").timeout_s, 1'000'000'000);
}

TEST(KeepAlive, NoContentIsRefused) {
  for (const char* value : {"; timeout=20", " ;", ";format=cstring", "=; format=base64", R"(\q; format=cstring)"}) {
    EXPECT_THAT(refused(value).what, HasSubstr("has no content")) << value;
  }
}

TEST(KeepAlive, MalformedParameterIsRefused) {
  EXPECT_THAT(refused(R"(x; mode="idle)").what, HasSubstr("malformed"));
  refused(R"(x; timeout="5"0)");
}

TEST(KeepAlive, ValuesAreQuotedPrintably) {
  EXPECT_THAT(refused("x; mode=a\x01z").what, HasSubstr(R"(a\x01z)"));
}

TEST(DecodeCstring, KnownEscapes) {
  EXPECT_EQ(*decode_cstring(R"(a\r\n\\\x41z)"), "a\r\n\\Az");
  EXPECT_EQ(*decode_cstring(R"(\x00\xfF)"), std::string("\0\xff", 2));
  EXPECT_EQ(*decode_cstring(R"(\x411)"), "A1");
  EXPECT_EQ(*decode_cstring("plain"), "plain");
  EXPECT_EQ(*decode_cstring(""), "");
}

TEST(DecodeCstring, OtherEscapesDisappear) {
  EXPECT_EQ(*decode_cstring(R"(a\tb\"c\;d)"), "abcd");
}

TEST(DecodeCstring, BrokenEscapesAreRefused) {
  for (const char* text : {R"(a\)", R"(\\\)", R"(\x)", R"(\x4)", R"(\xg0)", R"(\x0g)", R"(\x-1)"}) {
    auto result = decode_cstring(text);
    ASSERT_FALSE(result.has_value()) << text;
    EXPECT_EQ(result.error().status, 502);
    EXPECT_THAT(result.error().what, HasSubstr("Grip-Keep-Alive")) << text;
  }
}

}  // namespace
}  // namespace holdfast::grip
