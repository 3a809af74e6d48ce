// SPDX-License-Identifier: Apache-2.0
#include "grip/signature.h"

#include <string>

#include <gtest/gtest.h>

#include "base/json.h"
#include "base/text.h"

namespace holdfast::grip {
namespace {

constexpr std::int64_t kNow = 1'700'000'000;

base::SigningKey key(std::string_view secret) {
  return base::SigningKey::parse(secret, ".").value();
}

base::Json claims(std::string_view token) {
  auto parsed = base::parse_json(base::decode_base64(base::split(token, '.').at(1)));
  EXPECT_TRUE(parsed.has_value()) << token;
  return parsed ? *parsed : base::Json();
}

TEST(Signer, SIG1_TokenExpiresAnHourAfterItIsMade) {
  Signer signer;
  auto made = claims(signer.token(key("changeme"), "holdfast", kNow));
  EXPECT_EQ(made["iss"], "holdfast");
  EXPECT_EQ(made["exp"], kNow + 3600);
}

TEST(Signer, SIG2_EmptyIssuerSignsNothing) {
  Signer signer;
  EXPECT_EQ(signer.token(key("changeme"), "", kNow), "");
  EXPECT_EQ(signer.size(), 0u);
}

TEST(Signer, IssuerThatCannotBeSignedGivesNoToken) {
  Signer signer;
  EXPECT_EQ(signer.token(key("changeme"), "\xff", kNow), "");
}

TEST(Signer, SIG4_TokenIsReusedForAMinute) {
  Signer signer;
  auto secret = key("changeme");
  std::string first(signer.token(secret, "holdfast", kNow));
  EXPECT_EQ(signer.token(secret, "holdfast", kNow + 59), first);
  EXPECT_EQ(claims(signer.token(secret, "holdfast", kNow + 60))["exp"], kNow + 60 + 3600);
}

TEST(Signer, ClockSetBackMakesANewToken) {
  Signer signer;
  auto secret = key("changeme");
  signer.token(secret, "holdfast", kNow);
  EXPECT_EQ(claims(signer.token(secret, "holdfast", kNow - 1))["exp"], kNow - 1 + 3600);
}

TEST(Signer, SIG2_EachIssuerAndKeyHasItsOwnToken) {
  Signer signer;
  auto one = key("one");
  auto two = key("two");
  std::string a(signer.token(one, "a", kNow));
  std::string b(signer.token(one, "b", kNow));
  std::string c(signer.token(two, "a", kNow));
  EXPECT_NE(a, b);
  EXPECT_NE(a, c);
  EXPECT_EQ(signer.size(), 3u);
  EXPECT_EQ(signer.token(one, "a", kNow), a);
  EXPECT_EQ(signer.token(two, "a", kNow), c);
}

// A reload parses the same setting anew; the token of the old key must not be found under the new one.
TEST(Signer, AKeyThatIsParsedAgainIsAnotherKey) {
  Signer signer;
  std::string first(signer.token(key("changeme"), "a", kNow));
  auto again = claims(signer.token(key("changeme"), "a", kNow + 1));
  EXPECT_EQ(again["exp"], kNow + 1 + 3600);
  EXPECT_NE(signer.token(key("other"), "a", kNow), first);
}

TEST(Signer, OldTokensAreForgotten) {
  Signer signer;
  for (int i = 0; i < 100; ++i) signer.token(key("k" + std::to_string(i)), "a", kNow);
  EXPECT_EQ(signer.size(), 100u);
  signer.token(key("last"), "a", kNow + 60);
  EXPECT_EQ(signer.size(), 1u);
}

}  // namespace
}  // namespace holdfast::grip
