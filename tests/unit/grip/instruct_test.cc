// SPDX-License-Identifier: Apache-2.0
#include "grip/instruct.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdfast::grip {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::StartsWith;

using FieldList = std::vector<Field>;

Instruct parsed(const FieldList& fields) {
  auto result = parse_instruct_headers(fields);
  EXPECT_TRUE(result.has_value()) << (result ? "" : result.error().what);
  return result ? *result : Instruct{};
}

std::string refused(const FieldList& fields) {
  auto result = parse_instruct_headers(fields);
  EXPECT_FALSE(result.has_value()) << fields.back().name << ": " << fields.back().value;
  if (result) return {};
  EXPECT_EQ(result.error().status, 502);
  return result.error().what;
}

std::vector<std::string> channel_names(const Instruct& instruct) {
  std::vector<std::string> names;
  for (const auto& channel : instruct.channels) names.push_back(channel.name);
  return names;
}

TEST(IsInstructHeader, AnythingThatBeginsWithGrip) {
  for (const char* name : {"Grip-Hold", "grip-foo", "GRIP-", "Grip-Sig"}) EXPECT_TRUE(is_instruct_header(name)) << name;
  for (const char* name : {"Grip", "Gripe", "X-Grip-Hold", ""}) EXPECT_FALSE(is_instruct_header(name)) << name;
}

TEST(InstructHeaders, NothingGivenMeansDefaults) {
  auto instruct = parsed({{"Content-Type", "text/plain"}, {"Grip-Foo", "\"bar"}});
  EXPECT_EQ(instruct.hold, HoldMode::none);
  EXPECT_THAT(instruct.channels, IsEmpty());
  EXPECT_EQ(instruct.timeout_s, 55);
  EXPECT_FALSE(instruct.keep_alive);
  EXPECT_THAT(instruct.meta, IsEmpty());
  EXPECT_FALSE(instruct.status);
  EXPECT_FALSE(instruct.expose_headers);
  EXPECT_FALSE(instruct.next);
  EXPECT_FALSE(instruct.gone);
  EXPECT_FALSE(instruct.response);
}

// --- Grip-Hold -------------------------------------------------------------------

TEST(GripHold, ResponseAndStream) {
  EXPECT_EQ(parsed({{"Grip-Hold", "response"}}).hold, HoldMode::response);
  EXPECT_EQ(parsed({{"gRIP-hOLD", "stream"}}).hold, HoldMode::stream);
}

TEST(GripHold, FirstFieldCounts) {
  EXPECT_EQ(parsed({{"Grip-Hold", "stream"}, {"Grip-Hold", "banana"}}).hold, HoldMode::stream);
}

TEST(GripHold, AnythingElseIsRefused) {
  EXPECT_EQ(refused({{"Grip-Hold", "banana"}}), "Grip-Hold: \"banana\" is neither response nor stream");
  for (const char* value : {"", "Stream", "RESPONSE", "stream, response", "stream;", "none"}) {
    EXPECT_THAT(refused({{"Grip-Hold", value}}), StartsWith("Grip-Hold: "));
  }
}

// --- Grip-Channel ----------------------------------------------------------------

TEST(GripChannel, SpellingsOfLibraries) {
  EXPECT_THAT(channel_names(parsed({{"Grip-Channel", "test"}})), ElementsAre("test"));

  auto two = parsed({{"Grip-Channel", "a; prev-id=3, b"}});
  ASSERT_THAT(channel_names(two), ElementsAre("a", "b"));
  EXPECT_EQ(two.channels[0].prev_id, "3");
  EXPECT_FALSE(two.channels[1].prev_id);

  auto django = parsed({{"Grip-Channel",
                         "events-test; prev-id=5; filter=build-id; filter=skip-users, "
                         "user-anonymous; filter=require-sub"}});
  ASSERT_THAT(channel_names(django), ElementsAre("events-test", "user-anonymous"));
  EXPECT_EQ(django.channels[0].prev_id, "5");
  EXPECT_THAT(django.channels[0].filters, ElementsAre("build-id", "skip-users"));
  EXPECT_THAT(django.channels[1].filters, ElementsAre("require-sub"));
}

TEST(GripChannel, RepeatedFieldsAndListsAreTheSame) {
  EXPECT_THAT(channel_names(parsed({{"Grip-Channel", "a"}, {"X", "y"}, {"grip-channel", "b,c"}})),
              ElementsAre("a", "b", "c"));
}

TEST(GripChannel, EmptyElementsAreSkipped) {
  EXPECT_THAT(parsed({{"Grip-Hold", "stream"}, {"Grip-Channel", ""}}).channels, IsEmpty());
  EXPECT_THAT(channel_names(parsed({{"Grip-Channel", ", a,, b,"}})), ElementsAre("a", "b"));
}

TEST(GripChannel, NamesAreTakenVerbatim) {
  EXPECT_THAT(channel_names(parsed({{"Grip-Channel", R"("a", b c, %2C=d, ü)"}})),
              ElementsAre(R"("a")", "b c", "%2C=d", "ü"));
}

TEST(GripChannel, FirstPrevIdWinsInAnyCaseAndAnEmptyOneIsNone) {
  EXPECT_EQ(parsed({{"Grip-Channel", "a; Prev-Id=1; prev-id=2"}}).channels[0].prev_id, "1");
  EXPECT_EQ(parsed({{"Grip-Channel", R"(a; prev-id="x, y; \"z\"")"}}).channels[0].prev_id, "x, y; \"z\"");
  EXPECT_FALSE(parsed({{"Grip-Channel", "a; prev-id="}}).channels[0].prev_id);
}

TEST(GripChannel, FilterIsComparedWithCase) {
  EXPECT_THAT(parsed({{"Grip-Channel", "a; Filter=x; filter=y"}}).channels[0].filters, ElementsAre("y"));
}

TEST(GripChannel, MoreThanFiveFiltersAreRefused) {
  EXPECT_EQ(
      parsed({{"Grip-Channel", "a; filter=1; filter=2; filter=3; filter=4; filter=5"}}).channels[0].filters.size(), 5u);
  EXPECT_EQ(refused({{"Grip-Channel", "a; filter=1; filter=2; filter=3; filter=4; filter=5; filter=6"}}),
            "Grip-Channel: \"a\" has 6 filters, 5 are allowed");
}

TEST(GripChannel, ParametersWithoutNameAreRefused) {
  EXPECT_THAT(refused({{"Grip-Channel", "a, ; prev-id=1"}}), StartsWith("Grip-Channel: "));
}

TEST(GripChannel, ElementWithMalformedParameterIsDropped) {
  EXPECT_THAT(channel_names(parsed({{"Grip-Channel", R"(a; prev-id="1"2, b)"}})), ElementsAre("b"));
  EXPECT_THAT(channel_names(parsed({{"Grip-Channel", R"(a, b; prev-id="1, c)"}, {"Grip-Channel", "d"}})),
              ElementsAre("a", "d"));
}

// --- Grip-Timeout ----------------------------------------------------------------

TEST(GripTimeout, WholeSeconds) {
  EXPECT_EQ(parsed({{"Grip-Timeout", "20"}}).timeout_s, 20);
  EXPECT_EQ(parsed({{"Grip-Timeout", "0"}}).timeout_s, 0);
  EXPECT_EQ(parsed({{"Grip-Timeout", "1000000000"}}).timeout_s, 1'000'000'000);
  EXPECT_EQ(parsed({{"Grip-Timeout", "7"}, {"Grip-Timeout", "soon"}}).timeout_s, 7);
}

TEST(GripTimeout, AnythingElseIsRefused) {
  EXPECT_EQ(refused({{"Grip-Timeout", "soon"}}), "Grip-Timeout: \"soon\" is not a whole number of seconds from 0");
  for (const char* value : {"", "-1", "+1", "1.5", "5s", "0x10", "5, 6"}) {
    EXPECT_THAT(refused({{"Grip-Timeout", value}}), HasSubstr("is not a whole number"));
  }
  EXPECT_EQ(refused({{"Grip-Timeout", "1000000001"}}), "Grip-Timeout: \"1000000001\" is more than 1000000000 seconds");
  EXPECT_THAT(refused({{"Grip-Timeout", "99999999999999999999999999"}}), HasSubstr("is more than"));
}

// --- Grip-Keep-Alive ---------------------------------------------------------------

TEST(GripKeepAlive, IsParsedAndNotSplitAtCommas) {
  auto instruct = parsed({{"Grip-Keep-Alive", "a,b; timeout=20; mode=interval"}, {"Grip-Keep-Alive", "; mode=x"}});
  ASSERT_TRUE(instruct.keep_alive);
  EXPECT_EQ(instruct.keep_alive->content, "a,b");
  EXPECT_EQ(instruct.keep_alive->timeout_s, 20);
  EXPECT_EQ(instruct.keep_alive->mode, KeepAlive::Mode::interval);
}

TEST(GripKeepAlive, EmptyFieldIsNone) {
  EXPECT_FALSE(parsed({{"Grip-Keep-Alive", ""}}).keep_alive);
}

TEST(GripKeepAlive, BadOneIsRefused) {
  EXPECT_THAT(refused({{"Grip-Keep-Alive", "x; format=morse"}}), HasSubstr("morse"));
  EXPECT_THAT(refused({{"Grip-Keep-Alive", "x; mode=never"}}), HasSubstr("never"));
}

// --- Grip-Set-Meta -----------------------------------------------------------------

TEST(GripSetMeta, SpellingsOfLibraries) {
  EXPECT_THAT(parsed({{"Grip-Set-Meta", R"(user="anonymous", id_format="test:%(events-test)s")"}}).meta,
              ElementsAre(Pair("id_format", "test:%(events-test)s"), Pair("user", "anonymous")));
}

TEST(GripSetMeta, QuotedValuesMayHoldSeparators) {
  EXPECT_THAT(parsed({{"Grip-Set-Meta", R"(a="x;y,z\"=", b=c)"}}).meta,
              ElementsAre(Pair("a", "x;y,z\"="), Pair("b", "c")));
}

TEST(GripSetMeta, OnlyTheFirstPairOfAnElementCounts) {
  EXPECT_THAT(parsed({{"Grip-Set-Meta", "a=1; b=2, c"}}).meta, ElementsAre(Pair("a", "1"), Pair("c", "")));
}

TEST(GripSetMeta, LaterOnesOverwrite) {
  EXPECT_THAT(parsed({{"Grip-Set-Meta", "a=1, b=2"}, {"Grip-Set-Meta", "a=3"}}).meta,
              ElementsAre(Pair("a", "3"), Pair("b", "2")));
}

TEST(GripSetMeta, EmptyAndMalformedElementsAreDropped) {
  EXPECT_THAT(parsed({{"Grip-Set-Meta", R"(, a="1"2, b=3, ;)"}}).meta, ElementsAre(Pair("b", "3")));
}

TEST(GripSetMeta, ValueWithoutNameIsRefused) {
  EXPECT_EQ(refused({{"Grip-Set-Meta", "=1"}}), "Grip-Set-Meta: \"=1\" has no name before the =");
}

// --- Grip-Status -------------------------------------------------------------------

TEST(GripStatus, CodeAlone) {
  auto status = parsed({{"Grip-Status", "304"}}).status;
  ASSERT_TRUE(status);
  EXPECT_EQ(status->code, 304);
  EXPECT_EQ(status->reason, "Not Modified");
  EXPECT_EQ(parsed({{"Grip-Status", "599"}}).status->reason, "Unknown");
}

TEST(GripStatus, CodeAndReason) {
  auto status = parsed({{"Grip-Status", "207  Many Things"}, {"Grip-Status", "abc"}}).status;
  ASSERT_TRUE(status);
  EXPECT_EQ(status->code, 207);
  EXPECT_EQ(status->reason, "Many Things");
}

TEST(GripStatus, EmptyFieldIsNone) {
  EXPECT_FALSE(parsed({{"Grip-Status", ""}}).status);
}

TEST(GripStatus, AnythingElseIsRefused) {
  EXPECT_EQ(refused({{"Grip-Status", "abc"}}),
            "Grip-Status: \"abc\" does not begin with a status code from 200 to 599");
  EXPECT_EQ(refused({{"Grip-Status", "199"}}), "Grip-Status: 199 is not a status code from 200 to 599");
  for (const char* value : {"0", "99", "101", "600", "1000", "-200", "200OK", "4294967496 x", "Not Found"}) {
    EXPECT_THAT(refused({{"Grip-Status", value}}), StartsWith("Grip-Status: "));
  }
  EXPECT_THAT(refused({{"Grip-Status", "200 O\x7fK"}}), HasSubstr("control character"));
}

// --- Grip-Expose-Headers -------------------------------------------------------------

TEST(GripExposeHeaders, NamesOfAllFields) {
  auto names = parsed({{"Grip-Expose-Headers", "X-A, X-B"}, {"Grip-Expose-Headers", "X-C"}}).expose_headers;
  ASSERT_TRUE(names);
  EXPECT_THAT(*names, ElementsAre("X-A", "X-B", "X-C"));
}

TEST(GripExposeHeaders, EmptyFieldExposesNothing) {
  auto names = parsed({{"Grip-Expose-Headers", ""}}).expose_headers;
  ASSERT_TRUE(names);
  EXPECT_THAT(*names, IsEmpty());
}

// --- Grip-Link -----------------------------------------------------------------------

TEST(GripLink, SpellingsOfLibraries) {
  auto next = parsed({{"Grip-Link", "</events/?channel=test&link=next&recover=true&es-meta=abc>; rel=next"}}).next;
  ASSERT_TRUE(next);
  EXPECT_EQ(next->uri, "/events/?channel=test&link=next&recover=true&es-meta=abc");
  EXPECT_EQ(next->timeout_s, 120);
  next = parsed({{"Grip-Link", "<http://example.com/a>; rel=next; timeout=1"}}).next;
  ASSERT_TRUE(next);
  EXPECT_EQ(next->uri, "http://example.com/a");
  EXPECT_EQ(next->timeout_s, 1);
}

TEST(GripLink, NextAndGone) {
  auto instruct = parsed({{"Grip-Link", R"(<?n>; Timeout=0; Rel="next", <?g>; rel=gone; timeout=x)"}});
  ASSERT_TRUE(instruct.next);
  ASSERT_TRUE(instruct.gone);
  EXPECT_EQ(instruct.next->uri, "?n");
  EXPECT_EQ(instruct.next->timeout_s, 0);
  EXPECT_EQ(instruct.gone->uri, "?g");
}

TEST(GripLink, LastOfEachRelWins) {
  auto instruct = parsed({{"Grip-Link", "<1>; rel=next; timeout=9, <2>; rel=next"}, {"Grip-Link", "<3>; rel=gone"}});
  ASSERT_TRUE(instruct.next);
  EXPECT_EQ(instruct.next->uri, "2");
  EXPECT_EQ(instruct.next->timeout_s, 120);
  EXPECT_EQ(instruct.gone->uri, "3");
}

TEST(GripLink, OtherRelsAndElementsWithoutParametersAreIgnored) {
  auto instruct = parsed({{"Grip-Link", "nonsense, <a>; rel=prev; timeout=x, <b>; timeout=1, <c>; rel"}});
  EXPECT_FALSE(instruct.next);
  EXPECT_FALSE(instruct.gone);
}

TEST(GripLink, MalformedTargetIsRefused) {
  for (const char* value : {"/a; rel=next", "<>; rel=next", "<a; rel=next", "a>; rel=next", "<; rel=next", "; rel=next",
                            "</a;b>; rel=next", "</a,b>; rel=next"}) {
    EXPECT_THAT(refused({{"Grip-Link", value}}), HasSubstr("is not a URI between < and >"));
  }
}

TEST(GripLink, TargetThatWouldBreakARequestLineIsRefused) {
  for (const char* value : {"</a b>; rel=next", "</a\tb>; rel=next", "</a\x7f>; rel=gone", "< >; rel=gone"}) {
    EXPECT_THAT(refused({{"Grip-Link", value}}), HasSubstr("percent-encode"));
  }
}

TEST(GripLink, BadTimeoutIsRefused) {
  EXPECT_EQ(refused({{"Grip-Link", "<a>; rel=next; timeout=soon"}}),
            "Grip-Link: timeout: \"soon\" is not a whole number of seconds from 0");
  refused({{"Grip-Link", "<a>; rel=next; timeout=-1"}});
  refused({{"Grip-Link", "<a>; rel=next; timeout="}});
}

// --- all together ----------------------------------------------------------------------

TEST(InstructHeaders, EverythingAtOnce) {
  auto instruct = parsed({{"Content-Type", "text/event-stream"},
                          {"Grip-Hold", "stream"},
                          {"Grip-Channel", "a; prev-id=1"},
                          {"Grip-Keep-Alive", R"(\n; format=cstring; timeout=20)"},
                          {"Grip-Set-Meta", "user=\"u\""},
                          {"Grip-Link", "<?n>; rel=next"},
                          {"Grip-Status", "201"}});
  EXPECT_EQ(instruct.hold, HoldMode::stream);
  EXPECT_THAT(channel_names(instruct), ElementsAre("a"));
  EXPECT_EQ(instruct.keep_alive->content, "\n");
  EXPECT_THAT(instruct.meta, ElementsAre(Pair("user", "u")));
  EXPECT_EQ(instruct.next->uri, "?n");
  EXPECT_EQ(instruct.status->code, 201);
}

TEST(InstructHeaders, QuotedInputIsPrintable) {
  EXPECT_THAT(refused({{"Grip-Hold", "a\x1b[31m"}}), HasSubstr(R"(a\x1b[31m)"));
}

}  // namespace
}  // namespace holdfast::grip
