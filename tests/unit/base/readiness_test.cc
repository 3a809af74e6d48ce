// SPDX-License-Identifier: Apache-2.0
#include "base/readiness.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdfast::base {
namespace {

using testing::ElementsAre;

TEST(Readiness, BeginsAsStarting) {
  Readiness readiness;
  EXPECT_FALSE(readiness.is_ready());
  EXPECT_THAT(readiness.reasons(), ElementsAre("starting"));
  readiness.clear(NotReady::starting);
  EXPECT_TRUE(readiness.is_ready());
  EXPECT_TRUE(readiness.reasons().empty());
}

TEST(Readiness, EachReasonStandsForItself) {
  Readiness readiness;
  readiness.clear(NotReady::starting);
  readiness.set(NotReady::shedding);
  readiness.set(NotReady::draining);
  readiness.set(NotReady::draining);
  EXPECT_THAT(readiness.reasons(), ElementsAre("draining", "shedding"));
  readiness.clear(NotReady::shedding);
  EXPECT_THAT(readiness.reasons(), ElementsAre("draining"));
  EXPECT_FALSE(readiness.is_ready());
}

}  // namespace
}  // namespace holdfast::base
