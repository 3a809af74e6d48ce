// SPDX-License-Identifier: Apache-2.0
#include "app/roff.h"

#include <gtest/gtest.h>

namespace holdfast::app {
namespace {

TEST(Roff, NothingInATextMeansAnything) {
  EXPECT_EQ(roff("plain text"), "plain text");
  EXPECT_EQ(roff("a\\fBb"), "a\\efBb");
  EXPECT_EQ(roff("--drain-seconds"), "\\-\\-drain\\-seconds");
  EXPECT_EQ(roff("./holdfast.toml"), "\\&./holdfast.toml");
  EXPECT_EQ(roff("it's\n'so\n.br"), "it's\n\\&'so\n\\&.br");
}

}  // namespace
}  // namespace holdfast::app
