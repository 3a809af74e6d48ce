// SPDX-License-Identifier: Apache-2.0
#include "front/credentials.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/jwt.h"
#include "base/text.h"

namespace holdfast::front {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::int64_t kNow = 1'700'000'000;

Credentials::Issuer issuer(std::string iss, std::string_view key) {
  return {std::move(iss), base::VerifyKey::parse(key, ".").value()};
}
std::string jwt(const std::string& iss, std::string_view key, std::int64_t expires = kNow + 60) {
  return base::SigningKey::parse(key, ".").value().sign(iss, expires).value();
}
std::string basic(std::string_view pair) {
  return "Basic " + base::encode_base64(pair);
}

/// "admitted", or why not.
std::string verdict(const Credentials& credentials, const std::vector<Field>& fields) {
  auto checked = credentials.check(fields, kNow);
  return checked ? "admitted" : checked.error().what;
}
std::string verdict(const Credentials& credentials, const std::string& authorization) {
  return verdict(credentials, {{"Host", "h"}, {"Authorization", authorization}});
}

TEST(Credentials, TokensInEveryForm) {
  const Credentials credentials({"to/ken=", "se:same"}, {});
  for (const std::string text : {"Bearer to/ken=", "bearer to/ken=", "BEARER   to/ken=", "Bearer se:same"}) {
    EXPECT_EQ(verdict(credentials, text), "admitted") << text;
  }
  for (const auto& text :
       {basic("anybody:to/ken="), basic(":to/ken="), basic("a:se:same"), "bAsIc " + base::encode_base64("x:to/ken="),
        "Basic b'" + base::encode_base64("x:to/ken=") + "'"}) {
    EXPECT_EQ(verdict(credentials, text), "admitted") << text;
  }
  EXPECT_EQ(verdict(credentials, {{"Fastly-Key", "to/ken="}}), "admitted");
  EXPECT_EQ(verdict(credentials, {{"fastly-key", "se:same"}, {"X", "y"}}), "admitted");
}

TEST(Credentials, WrongOnesInEveryForm) {
  const Credentials credentials({"token"}, {});
  for (const std::string text :
       {"Bearer toke", "Bearer tokens", "Bearer Token", "Bearer token token", "Bearer token,", "Bearer \"token\""}) {
    EXPECT_EQ(verdict(credentials, text), "the token is not one that is known") << text;
  }
  for (const std::string text :
       {"", "token", "Bearer", "Bearer ", "Basic", "token Bearer", "Digest token", ": token", "Bearer\ttoken",
        "Bearer,token", "Basic token", "Basic dG9rZW4=", "Basic b'", "Basic b''"}) {
    EXPECT_NE(verdict(credentials, text), "admitted") << text;
  }
  EXPECT_NE(verdict(credentials, basic("token:x")), "admitted") << "it is the password";
  EXPECT_NE(verdict(credentials, basic("x:token\n")), "admitted");
  EXPECT_NE(verdict(credentials, basic("x:token") + "!"), "admitted");
  EXPECT_NE(verdict(credentials, {{"Fastly-Key", "Bearer token"}}), "admitted");
  EXPECT_NE(verdict(credentials, {{"Fastly-Key", ""}}), "admitted");
  EXPECT_NE(verdict(credentials, {{"X-Authorization", "Bearer token"}, {"Proxy-Authorization", "Bearer token"}}),
            "admitted");
  EXPECT_EQ(verdict(credentials, std::vector<Field>{}), "no credential is given");
}

TEST(Credentials, ExactlyOneIsTaken) {
  const Credentials credentials({"token"}, {});
  const Field good{"Authorization", "Bearer token"};
  const Field wrong{"authorization", "Bearer x"};
  const Field fastly{"Fastly-Key", "token"};
  for (const auto& fields : {std::vector{good, wrong}, {wrong, good}, {good, good}, {good, fastly}, {fastly, fastly}}) {
    EXPECT_EQ(verdict(credentials, fields), "more than one credential is given");
  }
}

TEST(Credentials, JwtsOfIssuers) {
  const Credentials credentials({"token"},
                                {issuer("a", "key of a"), issuer("b", "key of b"), issuer("b", "next of b")});
  EXPECT_EQ(verdict(credentials, "Bearer " + jwt("a", "key of a")), "admitted");
  EXPECT_EQ(verdict(credentials, "Bearer " + jwt("b", "key of b")), "admitted");
  EXPECT_EQ(verdict(credentials, "Bearer " + jwt("b", "next of b")), "admitted");
  EXPECT_EQ(verdict(credentials, "Bearer token"), "admitted");

  auto foreign = std::string(base::describe(base::JwtStatus::foreign));
  EXPECT_EQ(verdict(credentials, "Bearer " + jwt("b", "key of a")), foreign) << "a speaks for itself only";
  EXPECT_EQ(verdict(credentials, "Bearer " + jwt("c", "key of a")), foreign);
  EXPECT_EQ(verdict(credentials, "Bearer " + jwt("", "key of a")), foreign);
  EXPECT_EQ(verdict(credentials, "Bearer " + jwt("a", "key of c")), foreign);
  EXPECT_EQ(verdict(credentials, "Bearer " + jwt("a", "key of a", kNow - 100)), "the JWT has expired");
  EXPECT_THAT(verdict(credentials, "Bearer a.b"), HasSubstr("malformed"));
}

TEST(Credentials, AJwtIsForBearerOnly) {
  const Credentials credentials({}, {issuer("a", "key")});
  auto token = jwt("a", "key");
  EXPECT_FALSE(credentials.empty());
  EXPECT_EQ(verdict(credentials, "Bearer " + token), "admitted");
  EXPECT_NE(verdict(credentials, basic("x:" + token)), "admitted");
  EXPECT_NE(verdict(credentials, {{"Fastly-Key", token}}), "admitted");
}

TEST(Credentials, OneKeyForSeveralIssuers) {
  const Credentials credentials({}, {issuer("a", "key"), issuer("b", "key")});
  EXPECT_EQ(verdict(credentials, "Bearer " + jwt("a", "key")), "admitted");
  EXPECT_EQ(verdict(credentials, "Bearer " + jwt("b", "key")), "admitted");
}

TEST(Credentials, WithoutAnyNobodyIsLetIn) {
  const Credentials nothing({}, {});
  EXPECT_TRUE(nothing.empty());
  EXPECT_NE(verdict(nothing, "Bearer "), "admitted");
  EXPECT_NE(verdict(nothing, {{"Fastly-Key", ""}}), "admitted");
  EXPECT_FALSE(nothing.admit({}));
}

TEST(Credentials, ReasonsQuoteNothing) {
  const Credentials credentials({"token"}, {issuer("a", "key")});
  for (const std::string text : {"Bearer s3cret", "s3cret x", "Basic s3cret", "s3cret", "Bearer s3cret.x.y"}) {
    EXPECT_THAT(verdict(credentials, text), Not(HasSubstr("s3cret")));
  }
}

TEST(Credentials, AdmitIsForNow) {
  const Credentials credentials({"token"}, {});
  const Field good{"Authorization", "Bearer token"};
  EXPECT_TRUE(credentials.admit({&good, 1}));
}

}  // namespace
}  // namespace holdfast::front
