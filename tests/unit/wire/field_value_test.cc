// SPDX-License-Identifier: Apache-2.0
#include "wire/field_value.h"

#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdfast::wire {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

auto is_param(std::string_view name, std::string_view value) {
  return ::testing::AllOf(::testing::Field("name", &Param::name, name),
                          ::testing::Field("value", &Param::value, std::string(value)));
}

// --- lists --------------------------------------------------------------------

TEST(SplitList, CommasSeparateAndElementsAreTrimmed) {
  EXPECT_THAT(split_list("a"), ElementsAre("a"));
  EXPECT_THAT(split_list("a,b , \tc d\t"), ElementsAre("a", "b", "c d"));
}

TEST(SplitList, EmptyElementsAreLeftOut) {
  EXPECT_THAT(split_list(""), IsEmpty());
  EXPECT_THAT(split_list("  "), IsEmpty());
  EXPECT_THAT(split_list(","), IsEmpty());
  EXPECT_THAT(split_list(", a,, b ,"), ElementsAre("a", "b"));
}

TEST(SplitList, CommaInsideQuotesDoesNotSeparate) {
  EXPECT_THAT(split_list(R"(a="1,2", b)"), ElementsAre(R"(a="1,2")", "b"));
}

TEST(SplitList, EscapedQuoteDoesNotEndTheQuotes) {
  EXPECT_THAT(split_list(R"(a="x\",y", b)"), ElementsAre(R"(a="x\",y")", "b"));
  EXPECT_THAT(split_list(R"(a="x\\",y)"), ElementsAre(R"(a="x\\")", "y"));
}

TEST(SplitList, BackslashOutsideQuotesIsPlain) {
  EXPECT_THAT(split_list(R"(a\,b)"), ElementsAre(R"(a\)", "b"));
  EXPECT_THAT(split_list(R"(a\"b,c", d)"), ElementsAre(R"(a\"b,c")", "d"));
}

TEST(SplitList, UnterminatedQuoteSwallowsTheRest) {
  EXPECT_THAT(split_list(R"(a, b="1, c, d)"), ElementsAre("a", R"(b="1, c, d)"));
  EXPECT_THAT(split_list(R"(a, "b\)"), ElementsAre("a", R"("b\)"));
}

TEST(TakeListElement, CutsOneAfterTheOther) {
  std::string_view rest = " a ,, b";
  EXPECT_EQ(take_list_element(rest), "a");
  EXPECT_EQ(take_list_element(rest), "");
  EXPECT_EQ(take_list_element(rest), "b");
  EXPECT_TRUE(rest.empty());
}

TEST(ListHasToken, FindsTokensInAnyCase) {
  EXPECT_TRUE(list_has_token("close", "close"));
  EXPECT_TRUE(list_has_token("Keep-Alive , UPGRADE", "upgrade"));
  EXPECT_TRUE(list_has_token("a,,upgrade", "Upgrade"));
}

TEST(ListHasToken, MatchesWholeElementsOnly) {
  EXPECT_FALSE(list_has_token("", "close"));
  EXPECT_FALSE(list_has_token("closed, unclose", "close"));
  EXPECT_FALSE(list_has_token("close=1", "close"));
  EXPECT_FALSE(list_has_token(R"(private="no-store, close")", "close"));
  EXPECT_FALSE(list_has_token("a,,b", ""));
}

// --- parameters ----------------------------------------------------------------

TEST(ParseParams, PlainQuotedAndBareNames) {
  auto params = parse_params(R"( a=1; b = "x y" ;c;d=)");
  ASSERT_TRUE(params);
  EXPECT_THAT(*params, ElementsAre(is_param("a", "1"), is_param("b", "x y"), is_param("c", ""), is_param("d", "")));
}

TEST(ParseParams, QuotedValuesMayHoldSeparatorsAndEscapes) {
  auto params = parse_params(R"(a="1;2,3=4"; b="say \"hi\" \\ \n"; c="")");
  ASSERT_TRUE(params);
  EXPECT_THAT(*params, ElementsAre(is_param("a", "1;2,3=4"), is_param("b", R"(say "hi" \ n)"), is_param("c", "")));
}

TEST(ParseParams, PlainValueKeepsQuotesAndEqualSignsInTheMiddle) {
  auto params = parse_params(R"(a=x"y"; b=c=d)");
  ASSERT_TRUE(params);
  EXPECT_THAT(*params, ElementsAre(is_param("a", R"(x"y")"), is_param("b", "c=d")));
}

TEST(ParseParams, EmptyPlacesBetweenSemicolonsDoNotMatter) {
  auto params = parse_params(" ; ;a=1;; ");
  ASSERT_TRUE(params);
  EXPECT_THAT(*params, ElementsAre(is_param("a", "1")));
  params = parse_params("");
  ASSERT_TRUE(params);
  EXPECT_THAT(*params, IsEmpty());
}

TEST(ParseParams, NamelessValueIsKeptForTheCallerToRefuse) {
  auto params = parse_params("=1");
  ASSERT_TRUE(params);
  EXPECT_THAT(*params, ElementsAre(is_param("", "1")));
}

TEST(ParseParams, MalformedQuotesAreRefused) {
  EXPECT_FALSE(parse_params(R"(a="1)"));
  EXPECT_FALSE(parse_params(R"(a=")"));
  EXPECT_FALSE(parse_params(R"(a="1\)"));
  EXPECT_FALSE(parse_params(R"(a="1\")"));
  EXPECT_FALSE(parse_params(R"(a="1"x; b=2)"));
  EXPECT_FALSE(parse_params(R"(b=2; a="1" x)"));
}

TEST(FindParam, FirstOfTheNameInAnyCase) {
  auto params = parse_params("a=1; Prev-ID=2; prev-id=3");
  ASSERT_TRUE(params);
  ASSERT_TRUE(find_param(*params, "prev-id"));
  EXPECT_EQ(find_param(*params, "prev-id")->value, "2");
  EXPECT_EQ(find_param(*params, "prev"), nullptr);
}

TEST(ParseElement, FirstIsVerbatimAndTrimmed) {
  auto element = parse_element("  some name \t; a=1 ");
  ASSERT_TRUE(element);
  EXPECT_EQ(element->first, "some name");
  EXPECT_THAT(element->params, ElementsAre(is_param("a", "1")));
}

TEST(ParseElement, QuotesOfFirstStayAndDoNotHideSemicolons) {
  auto element = parse_element(R"("a;b=c")");
  ASSERT_TRUE(element);
  EXPECT_EQ(element->first, R"("a)");
  EXPECT_THAT(element->params, ElementsAre(is_param("b", R"(c")")));
}

TEST(ParseElement, WithoutParametersOrWithoutFirst) {
  auto element = parse_element("alone");
  ASSERT_TRUE(element);
  EXPECT_EQ(element->first, "alone");
  EXPECT_THAT(element->params, IsEmpty());
  element = parse_element("; a=1");
  ASSERT_TRUE(element);
  EXPECT_EQ(element->first, "");
  ASSERT_TRUE(element->find("A"));
  EXPECT_EQ(element->find("A")->value, "1");
}

TEST(ParseElement, MalformedParameterRefusesTheElement) {
  EXPECT_FALSE(parse_element(R"(name; a="1)"));
}

// --- legal bytes -----------------------------------------------------------------

TEST(ValidFieldName, TokensOnly) {
  for (std::string_view name : {"X-A", "a", "x!#$%&'*+-.^_`|~9"}) EXPECT_TRUE(valid_field_name(name)) << name;
  for (std::string_view name : {"", "X A", "X-A:", " X", "X\r\n", "X\t", "é", "a,b", "a(b", "\"a\"", "a/b"}) {
    EXPECT_FALSE(valid_field_name(name)) << name;
  }
  EXPECT_FALSE(valid_field_name(std::string_view("a\0b", 3)));
}

TEST(ValidFieldValue, EveryByteIsJudged) {
  for (int byte = 0; byte < 256; ++byte) {
    std::string value = std::string("a") + static_cast<char>(byte) + "b";
    bool legal = byte == '\t' || (byte >= 0x20 && byte != 0x7f);
    EXPECT_EQ(valid_field_value(value), legal) << byte;
    EXPECT_EQ(valid_reason(value), legal) << byte;
  }
  EXPECT_TRUE(valid_field_value(""));
  EXPECT_TRUE(valid_reason(""));
}

}  // namespace
}  // namespace holdfast::wire
