// SPDX-License-Identifier: Apache-2.0
// The grammar of a routes line (RF-1 to RF-5), before anything is known about its meaning.
#include "proxy/route_sections.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdfast::proxy {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// One string for each section: its value and its properties, as "value|name=value|name".
std::vector<std::string> sections(std::string_view line) {
  auto parsed = parse_sections(line);
  if (!parsed) return {"error: " + parsed.error().what};
  std::vector<std::string> out;
  for (const auto& section : *parsed) {
    auto& text = out.emplace_back(section.value);
    for (const auto& property : section.properties) {
      text += "|" + property.name;
      if (property.value) text += "=" + *property.value;
    }
  }
  return out;
}

std::string error_of(std::string_view line) {
  auto parsed = parse_sections(line);
  return parsed ? std::string() : parsed.error().what;
}

TEST(RouteSections, Rf1Comments) {
  EXPECT_THAT(sections(""), IsEmpty());
  EXPECT_THAT(sections(" \t "), IsEmpty());
  EXPECT_THAT(sections("# a \"b"), IsEmpty());
  EXPECT_THAT(sections("  a   b  # c"), ElementsAre("a", "b"));
  EXPECT_THAT(sections("a#b c"), ElementsAre("a"));
  EXPECT_THAT(sections("\"a#b\" c"), ElementsAre("a#b", "c"));
}

TEST(RouteSections, Rf2ValueAndProperties) {
  EXPECT_THAT(sections("a"), ElementsAre("a"));
  EXPECT_THAT(sections("a,flag,k=v,q=\"x, \\\"y\\\"\""), ElementsAre("a|flag|k=v|q=x, \"y\""));
  EXPECT_THAT(sections("a,f b c,k=v"), ElementsAre("a|f", "b", "c|k=v"));
  EXPECT_THAT(sections("a\tb\t\tc"), ElementsAre("a", "b", "c"));
  EXPECT_THAT(sections("a,k=b=c,e="), ElementsAre("a|k=b=c|e="));
}

TEST(RouteSections, Rf3EmptyValue) {
  EXPECT_THAT(sections(",f"), ElementsAre("|f"));
  EXPECT_THAT(sections("k=v"), ElementsAre("|k=v"));
  EXPECT_THAT(sections("k=v,f a"), ElementsAre("|k=v|f", "a"));
  EXPECT_THAT(sections("\"\",f"), ElementsAre("|f"));
}

TEST(RouteSections, Rf4Quotes) {
  EXPECT_THAT(sections(R"(a,k="x, \"y\"\\")"), ElementsAre(R"(a|k=x, "y"\)"));
  EXPECT_THAT(sections(R"(a,k"e=x"y"z")"), ElementsAre("a|ke=xyz"));
  EXPECT_THAT(sections("\"a\tb\"c d"), ElementsAre("a\tbc", "d"));
  EXPECT_THAT(sections("a,k=b\\c"), ElementsAre("a|k=b\\c"));  // outside of quotes, a plain character
}

TEST(RouteSections, Rf5Errors) {
  EXPECT_THAT(error_of("a,k=\"b c"), HasSubstr("not closed"));
  EXPECT_THAT(error_of("a \""), HasSubstr("not closed"));
  EXPECT_THAT(error_of("\"a\\"), HasSubstr("not closed"));
  EXPECT_THAT(error_of("\"a\\\""), HasSubstr("not closed"));
  EXPECT_THAT(error_of("\"a\\n\""), HasSubstr("the escape \\n is not known"));
  for (auto line : {"a, b", "a,,f b", "a,\"\" b", "a b,", ","}) {
    EXPECT_THAT(error_of(line), HasSubstr("comma without a property")) << line;
  }
  for (auto line : {"a,=v b", ",=v b", "=v b", "\"=v\" b"}) {
    EXPECT_THAT(error_of(line), HasSubstr("without a name")) << line;
  }
}

}  // namespace
}  // namespace holdfast::proxy
