// SPDX-License-Identifier: Apache-2.0
#include "base/jwt_verify.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <unistd.h>

#include "base/jwt.h"
#include "base/text.h"

namespace holdfast::base {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

using PkeyPtr = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

constexpr std::int64_t kNow = 1'700'000'000;

PkeyPtr make_rsa(unsigned bits = 2048) {
  return {EVP_RSA_gen(bits), &EVP_PKEY_free};
}
PkeyPtr make_ec(const char* curve = "P-256") {
  return {EVP_EC_gen(curve), &EVP_PKEY_free};
}

template <class Write>
std::string to_pem(Write&& write) {
  std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new(BIO_s_mem()), &BIO_free);
  EXPECT_EQ(write(bio.get()), 1);
  char* data = nullptr;
  auto size = BIO_get_mem_data(bio.get(), &data);
  return std::string(data, static_cast<std::size_t>(size));
}

std::string private_pem(EVP_PKEY* key) {
  return to_pem([&](BIO* out) { return PEM_write_bio_PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr); });
}
std::string public_pem(EVP_PKEY* key) {
  return to_pem([&](BIO* out) { return PEM_write_bio_PUBKEY(out, key); });
}
std::string certificate_pem(EVP_PKEY* key) {
  std::unique_ptr<X509, decltype(&X509_free)> certificate(X509_new(), &X509_free);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -200);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), -100);  // its dates do not count
  X509_set_pubkey(certificate.get(), key);
  EXPECT_GT(X509_sign(certificate.get(), key, EVP_sha256()), 0);
  return to_pem([&](BIO* out) { return PEM_write_bio_X509(out, certificate.get()); });
}

std::string encode_part(std::string_view bytes) {
  auto text = encode_base64(bytes);
  text.resize(text.find_last_not_of('=') + 1);
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  return text;
}

std::string with_hmac(const std::string& signed_part, std::string_view secret) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(signed_part.data()), signed_part.size(), digest, &size);
  return signed_part + "." + encode_part({reinterpret_cast<char*>(digest), size});
}

std::string hs256(std::string_view claims, std::string_view secret = "secret",
                  std::string_view header = R"({"alg":"HS256"})") {
  return with_hmac(encode_part(header) + "." + encode_part(claims), secret);
}

std::string claims(std::int64_t exp) {
  return R"({"iss":"me","exp":)" + std::to_string(exp) + "}";
}

class VerifyKeyTest : public ::testing::Test {
 protected:
  VerifyKeyTest() {
    directory_ =
        std::filesystem::path(::testing::TempDir()) / ("holdfast-verify-" + std::to_string(::getpid()) + "-" +
                                                       ::testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::create_directories(directory_);
  }
  ~VerifyKeyTest() override { std::filesystem::remove_all(directory_); }

  std::string write(const std::string& name, const std::string& content) {
    std::ofstream(directory_ / name, std::ios::binary) << content;
    return "file:" + name;
  }
  template <class Key>
  Key parsed(std::string_view notation) {
    auto key = Key::parse(notation, directory_.string());
    if (!key) throw std::runtime_error(key.error().what);
    return *key;
  }
  VerifyKey verifier(std::string_view notation) { return parsed<VerifyKey>(notation); }
  std::string token(const std::string& notation) { return parsed<SigningKey>(notation).sign("me", kNow + 60).value(); }
  std::string refused(std::string_view notation) {
    auto key = VerifyKey::parse(notation, directory_.string());
    EXPECT_FALSE(key.has_value());
    return key ? "" : key.error().what;
  }

  std::filesystem::path directory_;
};

TEST_F(VerifyKeyTest, VerifiesWhatASigningKeySigns) {
  auto rsa = make_rsa();
  auto ec = make_ec();
  struct Case {
    std::string signs;
    std::string verifies;
    std::string_view algorithm;
  };
  auto rsa_private = write("rsa", private_pem(rsa.get()));
  auto ec_private = write("ec", private_pem(ec.get()));
  for (const auto& c :
       {Case{"secret", "base64:c2VjcmV0", "HS256"}, Case{"secret", write("hex", "736563726574\n"), "HS256"},
        Case{rsa_private, write("rsa.pub", public_pem(rsa.get())), "RS256"},
        Case{rsa_private, write("rsa.crt", "some text\n" + certificate_pem(rsa.get())), "RS256"},
        Case{rsa_private, rsa_private, "RS256"}, Case{ec_private, write("ec.pub", public_pem(ec.get())), "ES256"},
        Case{ec_private, write("ec.crt", certificate_pem(ec.get())), "ES256"}, Case{ec_private, ec_private, "ES256"}}) {
    auto key = verifier(c.verifies);
    EXPECT_EQ(key.algorithm(), c.algorithm);
    auto verdict = key.verify(token(c.signs), kNow);
    EXPECT_EQ(verdict.status, JwtStatus::good) << c.verifies;
    EXPECT_EQ(verdict.issuer, "me");
  }
}

// r and s begin with zeros once in 128 signatures.
TEST_F(VerifyKeyTest, ManyEcSignatures) {
  auto ec = make_ec();
  auto signs = parsed<SigningKey>(write("ec", private_pem(ec.get())));
  auto key = verifier(write("ec.pub", public_pem(ec.get())));
  for (int i = 1; i <= 300; ++i) ASSERT_EQ(key.verify(*signs.sign("me", kNow + i), kNow).status, JwtStatus::good);
}

TEST_F(VerifyKeyTest, OtherKeysAreForeign) {
  for (const auto& [signs, verifies] :
       {std::pair{std::string("secret"), std::string("Secret")},
        {write("a", private_pem(make_rsa().get())), write("b", public_pem(make_rsa().get()))},
        {write("c", private_pem(make_ec().get())), write("d", public_pem(make_ec().get()))}}) {
    auto verdict = verifier(verifies).verify(token(signs), kNow);
    EXPECT_EQ(verdict.status, JwtStatus::foreign);
    EXPECT_EQ(verdict.issuer, "") << "claims of strangers are not read";
  }
}

TEST_F(VerifyKeyTest, TheKeyChoosesTheAlgorithm) {
  auto rsa = make_rsa();
  auto pem = public_pem(rsa.get());
  auto key = verifier(write("rsa.pub", pem));
  // The public key is known to everybody; taken for a secret of HS256, everybody could sign.
  EXPECT_EQ(key.verify(hs256(claims(kNow + 60), pem), kNow).status, JwtStatus::foreign);
  EXPECT_EQ(key.verify(hs256(claims(kNow + 60), pem, R"({"alg":"RS256"})"), kNow).status, JwtStatus::foreign);
  EXPECT_EQ(verifier("secret").verify(token(write("rsa", private_pem(rsa.get()))), kNow).status, JwtStatus::foreign);
  for (auto header : {R"({"alg":"none"})", R"({"alg":"None"})", R"({"alg":""})", R"({"alg":"hs256"})",
                      R"({"alg":"HS384"})", R"({"alg":"HS256\u0000"})"}) {
    EXPECT_EQ(verifier("secret").verify(hs256(claims(kNow + 60), "secret", header), kNow).status, JwtStatus::foreign)
        << header;
    auto bare = encode_part(header) + "." + encode_part(claims(kNow + 60)) + ".";
    EXPECT_EQ(verifier("secret").verify(bare, kNow).status, JwtStatus::foreign) << header;
  }
}

TEST_F(VerifyKeyTest, OneBitMakesItForeign) {
  auto key = verifier("secret");
  auto good = hs256(claims(kNow + 60));
  ASSERT_EQ(key.verify(good, kNow).status, JwtStatus::good);
  auto dot = good.rfind('.');
  for (std::size_t i = good.find('.') + 1; i + 1 < good.size(); ++i) {
    if (i == dot) continue;
    auto other = good;
    other[i] = other[i] == 'A' ? 'B' : 'A';
    EXPECT_EQ(key.verify(other, kNow).status, JwtStatus::foreign) << i;
  }
  EXPECT_EQ(key.verify(good.substr(0, dot + 1), kNow).status, JwtStatus::foreign) << "an empty signature";
  EXPECT_EQ(key.verify(good.substr(0, dot + 5), kNow).status, JwtStatus::foreign) << "a short one";
}

TEST_F(VerifyKeyTest, TimesWithALeeway) {
  auto key = verifier("secret");
  auto at = [&](std::string_view text, std::int64_t now) { return key.verify(hs256(text), now).status; };
  EXPECT_EQ(at(claims(kNow), kNow + 29), JwtStatus::good);
  EXPECT_EQ(at(claims(kNow), kNow + 30), JwtStatus::expired);
  EXPECT_EQ(at(R"({"exp":1700000000.5})", kNow + 30), JwtStatus::good) << "a NumericDate may have a fraction";
  EXPECT_EQ(at(R"({"exp":-1})", kNow), JwtStatus::expired);
  EXPECT_EQ(at(R"({"exp":1e300})", kNow), JwtStatus::good);
  auto not_before = R"({"exp":1800000000,"nbf":1700000000})";
  EXPECT_EQ(at(not_before, kNow - 30), JwtStatus::good);
  EXPECT_EQ(at(not_before, kNow - 31), JwtStatus::too_early);
  EXPECT_EQ(key.verify(hs256(claims(1)), kNow).issuer, "me") << "whose token it was can be told";
}

TEST_F(VerifyKeyTest, ClaimsThatAreNotAsTheyMustBe) {
  auto key = verifier("secret");
  for (auto text : {"{}", R"({"iss":"me"})", R"({"exp":"1800000000"})", R"({"exp":null})", R"({"exp":true})",
                    R"({"exp":1800000000,"nbf":"0"})", R"({"exp":1800000000,"iss":5})", "[]", "5", "", "{",
                    R"({"exp":1800000000} x)"}) {
    EXPECT_EQ(key.verify(hs256(text), kNow).status, JwtStatus::malformed) << text;
  }
  EXPECT_EQ(key.verify(hs256(R"({"exp":1800000000,"aud":["x"],"x":{"y":[1]}})"), kNow).status, JwtStatus::good);
}

TEST_F(VerifyKeyTest, WhatIsNoToken) {
  auto key = verifier("secret");
  auto good = hs256(claims(kNow + 60));
  for (const auto& text : {std::string(), std::string("."), std::string(".."), std::string("..."), std::string("a.b"),
                           "." + good, good + ".", good + "=", " " + good, good + "\n", "!" + good,
                           hs256(claims(kNow + 60), "secret", R"({"alg":"HS256","crit":["b64"],"b64":false})"),
                           hs256(claims(kNow + 60), "secret", R"({"alg":256})"), hs256("{}", "secret", "{}"),
                           hs256("{}", "secret", R"(["HS256"])"), hs256("{}", "secret", "HS256")}) {
    EXPECT_EQ(key.verify(text, kNow).status, JwtStatus::malformed) << text;
  }
}

TEST_F(VerifyKeyTest, LongTokensAreNotLookedAt) {
  auto key = verifier("secret");
  auto of_size = [](std::size_t size) {
    return hs256(R"({"exp":1800000000,"x":")" + std::string(size, 'x') + R"("})");
  };
  EXPECT_EQ(key.verify(of_size(6000), kNow).status, JwtStatus::good);
  EXPECT_EQ(key.verify(of_size(7000), kNow).status, JwtStatus::malformed);
  EXPECT_EQ(key.verify(hs256("{}", "secret", std::string(6000, '[')), kNow).status, JwtStatus::malformed);
}

TEST_F(VerifyKeyTest, KeysThatCannotBeUsed) {
  EXPECT_THAT(refused(""), HasSubstr("the key is empty"));
  EXPECT_THAT(refused("base64:ses*me"), HasSubstr("is not base64"));
  EXPECT_THAT(refused("file:missing"), HasSubstr("missing\": No such file or directory"));
  EXPECT_THAT(refused(write("rsa", public_pem(make_rsa(1024).get()))), HasSubstr("rsa\": the RSA key has 1024 bits"));
  EXPECT_THAT(refused(write("ec", public_pem(make_ec("P-384").get()))), HasSubstr("secp384r1, P-256"));
  PkeyPtr edwards(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), &EVP_PKEY_free);
  EXPECT_THAT(refused(write("ed", public_pem(edwards.get()))), HasSubstr("public key is neither RSA nor EC"));
  EXPECT_THAT(refused(write("damaged", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n")),
              HasSubstr("damaged\": the PEM has no public key, certificate"));
  unsigned char passphrase[] = {'p', 'w'};
  auto ec = make_ec();
  auto locked = to_pem([&](BIO* out) {
    return PEM_write_bio_PrivateKey(out, ec.get(), EVP_aes_128_cbc(), passphrase, sizeof passphrase, nullptr, nullptr);
  });
  EXPECT_THAT(refused(write("locked", locked)), HasSubstr("without passphrase"));
}

TEST_F(VerifyKeyTest, APemIsNeverASecret) {
  auto pem = public_pem(make_rsa().get());
  EXPECT_THAT(refused(pem), HasSubstr("write file:PATH"));
  EXPECT_THAT(refused("base64:" + encode_base64(pem)), HasSubstr("write file:PATH"));
  EXPECT_THAT(refused("base64:" + encode_base64(pem)), Not(HasSubstr("BEGIN")));
}

}  // namespace
}  // namespace holdfast::base
