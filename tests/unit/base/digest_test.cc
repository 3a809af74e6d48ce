// SPDX-License-Identifier: Apache-2.0
#include "base/digest.h"

#include <string>

#include <gtest/gtest.h>

#include "base/text.h"

namespace holdfast::base {
namespace {

TEST(Digest, Sha256OfAKnownText) {
  auto digest = sha256("abc");  // FIPS 180-2, appendix B.1
  EXPECT_EQ(std::string(digest.begin(), digest.end()),
            decode_hex("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
}

TEST(Digest, EqualOnlyWhenAllBytesAre) {
  auto digest = sha256("abc");
  EXPECT_TRUE(equal_in_constant_time(digest, sha256("abc")));
  for (std::size_t i = 0; i < digest.size(); ++i) {
    auto other = digest;
    other[i] ^= 1;
    EXPECT_FALSE(equal_in_constant_time(digest, other)) << i;
  }
}

}  // namespace
}  // namespace holdfast::base
