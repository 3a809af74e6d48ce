// SPDX-License-Identifier: Apache-2.0
#include "wire/status.h"

#include <gtest/gtest.h>

namespace holdfast::wire {
namespace {

TEST(ReasonPhrase, NamesOfRfc9110) {
  EXPECT_EQ(reason_phrase(200), "OK");
  EXPECT_EQ(reason_phrase(203), "Non-Authoritative Information");
  EXPECT_EQ(reason_phrase(304), "Not Modified");
  EXPECT_EQ(reason_phrase(403), "Forbidden");
  EXPECT_EQ(reason_phrase(413), "Content Too Large");
  EXPECT_EQ(reason_phrase(414), "URI Too Long");
  EXPECT_EQ(reason_phrase(416), "Range Not Satisfiable");
  EXPECT_EQ(reason_phrase(421), "Misdirected Request");
  EXPECT_EQ(reason_phrase(422), "Unprocessable Content");
  EXPECT_EQ(reason_phrase(505), "HTTP Version Not Supported");
}

TEST(ReasonPhrase, NamesOfOtherRegistrations) {
  EXPECT_EQ(reason_phrase(102), "Processing");
  EXPECT_EQ(reason_phrase(103), "Early Hints");
  EXPECT_EQ(reason_phrase(207), "Multi-Status");
  EXPECT_EQ(reason_phrase(208), "Already Reported");
  EXPECT_EQ(reason_phrase(226), "IM Used");
  EXPECT_EQ(reason_phrase(425), "Too Early");
  EXPECT_EQ(reason_phrase(428), "Precondition Required");
  EXPECT_EQ(reason_phrase(429), "Too Many Requests");
  EXPECT_EQ(reason_phrase(431), "Request Header Fields Too Large");
  EXPECT_EQ(reason_phrase(451), "Unavailable For Legal Reasons");
  EXPECT_EQ(reason_phrase(506), "Variant Also Negotiates");
  EXPECT_EQ(reason_phrase(511), "Network Authentication Required");
}

TEST(ReasonPhrase, UnknownForTheRest) {
  for (int code : {-1, 0, 99, 209, 306, 418, 430, 509, 599, 600, 1000})
    EXPECT_EQ(reason_phrase(code), "Unknown") << code;
}

TEST(ReasonPhrase, NeverEmptyNorIllegalInAStatusLine) {
  for (int code = -1; code <= 1000; ++code) {
    auto phrase = reason_phrase(code);
    ASSERT_FALSE(phrase.empty()) << code;
    for (char c : phrase) ASSERT_TRUE(c >= ' ' && c <= '~') << code;
  }
}

TEST(ValidFinalStatus, From200To599) {
  for (int code : {200, 204, 304, 404, 599}) EXPECT_TRUE(valid_final_status(code)) << code;
  for (int code : {-200, 0, 99, 100, 101, 103, 199, 600, 999, 1200}) EXPECT_FALSE(valid_final_status(code)) << code;
}

}  // namespace
}  // namespace holdfast::wire
