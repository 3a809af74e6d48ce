// SPDX-License-Identifier: Apache-2.0
// GRIP_URL and --spec: `clients` §1.
#include "app/publish_target.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "base/text.h"

namespace holdfast::app {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr std::int64_t kNow = 1700000000;

Result<PublishTarget> parse(std::string_view address, const PublishCredentials& credentials = {}) {
  return parse_publish_target(address, credentials, kNow);
}
PublishTarget parsed(std::string_view address, const PublishCredentials& credentials = {}) {
  auto target = parse(address, credentials);
  EXPECT_TRUE(target) << address << ": " << target.error().what;
  return target ? *target : PublishTarget{};
}
std::string refusal(std::string_view address, const PublishCredentials& credentials = {}) {
  auto target = parse(address, credentials);
  return target ? "accepted" : target.error().what;
}

/// Header and claims of "Bearer HEADER.CLAIMS.SIGNATURE".
std::pair<base::Json, base::Json> token_in(const std::string& authorization) {
  EXPECT_THAT(authorization, StartsWith("Bearer "));
  auto parts = base::split(std::string_view(authorization).substr(7), '.');
  EXPECT_EQ(parts.size(), 3u);
  if (parts.size() != 3) return {};
  return {base::Json::parse(base::decode_base64(parts[0])), base::Json::parse(base::decode_base64(parts[1]))};
}

TEST(PublishTarget, ABaseAddressGetsThePublishPath) {
  struct Case {
    const char* address;
    const char* target;
  };
  for (const auto& c : std::vector<Case>{{"http://localhost:5561", "/publish/"},
                                         {"http://localhost:5561/", "/publish/"},
                                         {"http://localhost:5561/realm/x", "/realm/x/publish/"},
                                         {"http://localhost:5561/realm/x/", "/realm/x/publish/"},
                                         {"http://localhost:5561?a=b", "/publish/?a=b"},
                                         {"http://localhost:5561/x?a=b%20c&d", "/x/publish/?a=b%20c&d"},
                                         {"http://localhost:5561/?verify-iss=x&a=b&verify-key=y", "/publish/?a=b"}}) {
    auto target = parsed(c.address);
    EXPECT_EQ(target.kind, PublishTarget::Kind::http);
    EXPECT_EQ(target.target, c.target) << c.address;
    EXPECT_EQ(target.host, "localhost");
    EXPECT_EQ(target.port, "5561");
    EXPECT_EQ(target.authority, "localhost:5561");
    EXPECT_EQ(target.authorization, "");
  }
}

TEST(PublishTarget, HostsAndPorts) {
  EXPECT_EQ(parsed("http://example.com").port, "80");
  EXPECT_EQ(parsed("HTTP://example.com/x").host, "example.com");
  auto v6 = parsed("http://[::1]:5561/");
  EXPECT_EQ(v6.host, "::1");
  EXPECT_EQ(v6.port, "5561");
  EXPECT_EQ(v6.authority, "[::1]:5561");
  EXPECT_EQ(parsed("http://[::1]").port, "80");
}

TEST(PublishTarget, RefusesWhatIsNoAddress) {
  for (const auto* address :
       {"", "localhost:5561", "ftp://localhost/", "http://", "http://:5561", "http://a b/", "http://localhost:0",
        "http://localhost:65536", "http://localhost:", "http://localhost:x", "http://[::1", "http://[::1]x:1",
        "http://[]:1", "http://[v]:1", "http://a_b\x7f", "http://localhost/\r\nX: y", "http://localhost/#x",
        "http://caf\xc3\xa9/", "http://a:1:2"}) {
    EXPECT_FALSE(parse(address)) << address;
  }
  EXPECT_THAT(refusal("https://example.com/"), HasSubstr("https:// is not yet supported"));
  EXPECT_THAT(refusal("ftp://x"), HasSubstr("http://, tcp:// or ipc://"));
}

TEST(PublishTarget, IssuerAndKeyMakeAToken) {
  for (const auto* key : {"changeme", "base64:Y2hhbmdlbWU="}) {
    auto target = parsed(std::string("http://localhost:5561/?iss=pushpin&key=") + key);
    auto [header, claims] = token_in(target.authorization);
    EXPECT_EQ(header["alg"], "HS256") << key;
    EXPECT_EQ(claims, (base::Json{{"iss", "pushpin"}, {"exp", kNow + 600}})) << key;
    EXPECT_EQ(target.target, "/publish/");
    EXPECT_EQ(target.address, "http://localhost:5561");
  }
}

TEST(PublishTarget, APlusInAKeyIsAPlus) {
  // "+/+/" is base64 of 0xfb 0xff 0xbf; escaped or not, it makes the same token.
  auto plain = parsed("http://localhost/?iss=x&key=base64:+/+/").authorization;
  EXPECT_EQ(plain, parsed("http://localhost/?iss=x&key=base64:%2B%2F%2B%2F").authorization);
  EXPECT_EQ(parsed("http://localhost/?key=a+b").authorization, "Bearer a+b");
}

TEST(PublishTarget, AKeyAloneIsABearerToken) {
  EXPECT_EQ(parsed("http://127.0.0.1/?key=to%2Dken").authorization, "Bearer to-ken");
  EXPECT_EQ(parsed("http://127.0.0.1/?key=").authorization, "");
}

TEST(PublishTarget, UserInTheAddress) {
  auto target = parsed("http://us%65r:p%40ss@localhost:5561/");
  EXPECT_EQ(target.authorization, "Basic " + base::encode_base64("user:p@ss"));
  EXPECT_EQ(target.authority, "localhost:5561");
  EXPECT_EQ(target.address, "http://localhost:5561") << "messages show no password";
}

TEST(PublishTarget, TheCommandLineWins) {
  constexpr auto kAddress = "http://a:b@localhost/?iss=x&key=y";
  EXPECT_EQ(parsed(kAddress, {.user = "c:d"}).authorization, "Basic " + base::encode_base64("c:d"));
  EXPECT_EQ(parsed(kAddress, {.bearer = "t"}).authorization, "Bearer t");
  EXPECT_THAT(refusal(kAddress, {.user = "nobody"}), HasSubstr("NAME:PASSWORD"));
}

TEST(PublishTarget, TheDaemonsOwnTokenIsForThisMachineAndForWantOfAnother) {
  const PublishCredentials own{.own_bearer = "own"};
  EXPECT_EQ(parsed("http://localhost:5561/", own).authorization, "Bearer own");
  EXPECT_EQ(parsed("http://[::1]:5561/?key=other", own).authorization, "Bearer other");
  EXPECT_EQ(parsed("http://a:b@localhost:5561/", own).authorization, "Basic " + base::encode_base64("a:b"));
  EXPECT_EQ(parsed("http://localhost/", {.bearer = "line", .own_bearer = "own"}).authorization, "Bearer line");
  EXPECT_EQ(parsed("http://example.com/", own).authorization, "");
  EXPECT_EQ(parsed("tcp://127.0.0.1:5560", own).authorization, "");
}

TEST(PublishTarget, CredentialsStayOnThisMachine) {
  for (const auto* host : {"localhost", "127.0.0.1", "127.1.2.3:80", "[::1]"}) {
    EXPECT_EQ(parsed(std::string("http://") + host, {.bearer = "t"}).authorization, "Bearer t") << host;
  }
  for (const auto* address :
       {"http://example.com/?key=sesame", "http://10.0.0.1/?iss=x&key=sesame", "http://u:sesame@[2001:db8::1]/",
        "http://127.0.0.1.example.com/?key=sesame", "http://localhost.example.com/?key=sesame"}) {
    EXPECT_THAT(refusal(address), AllOf(HasSubstr("over plain http"), Not(HasSubstr("sesame")))) << address;
  }
  EXPECT_THAT(refusal("http://example.com", {.user = "u:sesame"}), HasSubstr("over plain http"));
}

TEST(PublishTarget, BadCredentialsAreRefusedWithoutQuotingThem) {
  EXPECT_THAT(refusal("http://localhost/?iss=x"), HasSubstr("no key="));
  EXPECT_THAT(refusal("http://localhost/?iss=x&key="), HasSubstr("the key is empty"));
  EXPECT_THAT(refusal("http://localhost/?iss=x&key=base64:ses*me"),
              AllOf(HasSubstr("base64"), Not(HasSubstr("ses*me"))));
  EXPECT_THAT(refusal("http://localhost/?key=ses%0d%0aX:y"),
              AllOf(HasSubstr("control characters"), Not(HasSubstr("ses"))));
  EXPECT_THAT(refusal("http://localhost/", {.bearer = "a\nb"}), HasSubstr("control characters"));
}

TEST(PublishTarget, ZeroMqAddressesAreTakenAsTheyAre) {
  for (const auto* address : {"tcp://127.0.0.1:5560", "ipc:///run/holdfast/pull"}) {
    auto target = parsed(address);
    EXPECT_EQ(target.kind, PublishTarget::Kind::zmq);
    EXPECT_EQ(target.address, address);
  }
  EXPECT_THAT(refusal("tcp://127.0.0.1:5560", {.user = "a:b"}), HasSubstr("ZeroMQ takes no credentials"));
  EXPECT_THAT(refusal("tcp://127.0.0.1:5560", {.bearer = "t"}), HasSubstr("ZeroMQ takes no credentials"));
}

}  // namespace
}  // namespace holdfast::app
