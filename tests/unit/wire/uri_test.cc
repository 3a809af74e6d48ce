// SPDX-License-Identifier: Apache-2.0
#include "wire/uri.h"

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace holdfast::wire {
namespace {

using Parameters = std::vector<std::pair<std::string, std::string>>;

TEST(Target, PathAndQuery) {
  EXPECT_EQ(target_path("/a/b?c=/d?e"), "/a/b");
  EXPECT_EQ(target_query("/a/b?c=/d?e"), "c=/d?e");
  EXPECT_EQ(target_path("/a"), "/a");
  EXPECT_EQ(target_query("/a"), "");
  EXPECT_EQ(target_query("/a?"), "");
  EXPECT_EQ(target_path("*"), "*");
  EXPECT_EQ(target_path(""), "");
  EXPECT_EQ(target_path("?x"), "");
}

TEST(PercentDecode, Escapes) {
  EXPECT_EQ(percent_decode("a%20b%2fC%2F"), "a b/C/");
  EXPECT_EQ(percent_decode("%41"), "A");
  EXPECT_EQ(percent_decode("%00"), std::string(1, '\0'));
  EXPECT_EQ(percent_decode("%C3%a4"), "\xc3\xa4");
  EXPECT_EQ(percent_decode("%2541"), "%41") << "once";
  EXPECT_EQ(percent_decode("a+b"), "a+b");
}

TEST(PercentDecode, WhatIsNoEscapeStays) {
  for (auto text : {"", "%", "%4", "%4g", "%g4", "%%", "a%", "%-1", "% 1", "100%"}) {
    EXPECT_EQ(percent_decode(text), text);
  }
  EXPECT_EQ(percent_decode("%%41"), "%A");
}

TEST(QueryParameters, InOrderAndDecoded) {
  EXPECT_EQ(query_parameters("a=1&b=x+y&a=%26%3d&c%5b%5D=z"),
            (Parameters{{"a", "1"}, {"b", "x y"}, {"a", "&="}, {"c[]", "z"}}));
  EXPECT_EQ(query_parameters("a=b=c"), (Parameters{{"a", "b=c"}}));
  EXPECT_EQ(query_parameters("a=%2B"), (Parameters{{"a", "+"}})) << "an escaped plus is a plus";
}

TEST(QueryParameters, MissingParts) {
  EXPECT_EQ(query_parameters(""), Parameters{});
  EXPECT_EQ(query_parameters("&&"), Parameters{});
  EXPECT_EQ(query_parameters("a"), (Parameters{{"a", ""}}));
  EXPECT_EQ(query_parameters("a="), (Parameters{{"a", ""}}));
  EXPECT_EQ(query_parameters("=a"), (Parameters{{"", "a"}}));
  EXPECT_EQ(query_parameters("&a=1&&b=2&"), (Parameters{{"a", "1"}, {"b", "2"}}));
}

}  // namespace
}  // namespace holdfast::wire
