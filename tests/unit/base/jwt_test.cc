// SPDX-License-Identifier: Apache-2.0
#include "base/jwt.h"

#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <unistd.h>

#include "base/json.h"
#include "base/text.h"

namespace holdfast::base {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

using PkeyPtr = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

PkeyPtr make_rsa(unsigned bits) {
  return {EVP_RSA_gen(bits), &EVP_PKEY_free};
}
PkeyPtr make_ec(const char* curve) {
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

/// The older form, "BEGIN RSA PRIVATE KEY" and "BEGIN EC PRIVATE KEY".
std::string traditional_pem(EVP_PKEY* key) {
  return to_pem(
      [&](BIO* out) { return PEM_write_bio_PrivateKey_traditional(out, key, nullptr, nullptr, 0, nullptr, nullptr); });
}

struct Token {
  std::string signed_part;
  Json header;
  Json claims;
  std::string signature;
};

Token take_apart(const std::string& text) {
  auto parts = split(text, '.');
  EXPECT_EQ(parts.size(), 3u);
  EXPECT_EQ(text.find_first_of("+/="), std::string::npos) << "base64url without padding";
  auto header = parse_json(decode_base64(parts[0]));
  auto claims = parse_json(decode_base64(parts[1]));
  EXPECT_TRUE(header && claims);
  return {text.substr(0, parts[0].size() + 1 + parts[1].size()), *header, *claims, decode_base64(parts[2])};
}

bool verifies(EVP_PKEY* key, const std::string& bytes, const std::string& signature) {
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  auto data = [](const std::string& s) { return reinterpret_cast<const unsigned char*>(s.data()); };
  return EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key) == 1 &&
         EVP_DigestVerify(context.get(), data(signature), signature.size(), data(bytes), bytes.size()) == 1;
}

/// JOSE writes an EC signature as r and s of 32 bytes each (RFC 7518 §3.4); OpenSSL wants them in DER.
std::string der_signature(const std::string& jose) {
  EXPECT_EQ(jose.size(), 64u);
  auto* data = reinterpret_cast<const unsigned char*>(jose.data());
  std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> pair(ECDSA_SIG_new(), &ECDSA_SIG_free);
  ECDSA_SIG_set0(pair.get(), BN_bin2bn(data, 32, nullptr), BN_bin2bn(data + 32, 32, nullptr));
  unsigned char* der = nullptr;
  int size = i2d_ECDSA_SIG(pair.get(), &der);
  std::string out(reinterpret_cast<char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return out;
}

std::string hmac(const std::string& secret, const std::string& bytes) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest, &size);
  return {reinterpret_cast<char*>(digest), size};
}

class SigningKeyTest : public ::testing::Test {
 protected:
  SigningKeyTest() {
    directory_ =
        std::filesystem::path(::testing::TempDir()) / ("holdfast-jwt-" + std::to_string(::getpid()) + "-" +
                                                       ::testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::create_directories(directory_);
  }
  ~SigningKeyTest() override { std::filesystem::remove_all(directory_); }

  std::string write(const std::string& name, const std::string& content) {
    std::ofstream(directory_ / name, std::ios::binary) << content;
    return "file:" + name;
  }

  SigningKey parsed(std::string_view notation) {
    auto key = SigningKey::parse(notation, directory_.string());
    if (!key) throw std::runtime_error(key.error().what);
    return *key;
  }

  std::string refused(std::string_view notation) {
    auto key = SigningKey::parse(notation, directory_.string());
    EXPECT_FALSE(key.has_value());
    return key ? "" : key.error().what;
  }

  std::string token(const SigningKey& key, const std::string& issuer = "holdfast",
                    std::int64_t expires = 1'700'003'600) {
    auto made = key.sign(issuer, expires);
    if (!made) throw std::runtime_error(made.error().what);
    return *made;
  }

  void expect_hmac_of(const SigningKey& key, const std::string& secret) {
    auto apart = take_apart(token(key));
    EXPECT_EQ(key.algorithm(), "HS256");
    EXPECT_EQ(apart.signature, hmac(secret, apart.signed_part));
  }

  std::filesystem::path directory_;
};

TEST_F(SigningKeyTest, SIG1_HeaderAndClaims) {
  auto apart = take_apart(token(parsed("changeme"), "holdfast", 1'700'003'600));
  EXPECT_EQ(apart.header, Json::parse(R"({"typ":"JWT","alg":"HS256"})")) << apart.header;
  EXPECT_EQ(apart.claims.size(), 2u) << apart.claims;
  EXPECT_EQ(apart.claims["iss"], "holdfast");
  EXPECT_TRUE(apart.claims["exp"].is_number_integer());
  EXPECT_EQ(apart.claims["exp"], 1'700'003'600);
}

TEST_F(SigningKeyTest, SIG1_IssuerIsEscapedNotChanged) {
  std::string issuer = "a\"b\\c \xc5\xbe\n";
  EXPECT_EQ(take_apart(token(parsed("k"), issuer)).claims["iss"], issuer);
}

TEST_F(SigningKeyTest, SIG3_PlainSecretSignsWithHs256) {
  expect_hmac_of(parsed("changeme"), "changeme");
  expect_hmac_of(parsed("with spaces: and =/+"), "with spaces: and =/+");
}

TEST_F(SigningKeyTest, SIG3_Base64Secret) {
  std::string secret;
  for (int i = 0; i < 256; ++i) secret += static_cast<char>(i);
  auto coded = encode_base64(secret);
  expect_hmac_of(parsed("base64:" + coded), secret);
  expect_hmac_of(parsed("base64:" + coded.substr(0, coded.find('='))), secret);
  expect_hmac_of(parsed("base64:_-8"), "\xff\xef");
}

TEST_F(SigningKeyTest, SIG3_HexSecretInAFile) {
  expect_hmac_of(parsed(write("secret", "00fF10\n")), std::string("\x00\xff\x10", 3));
}

TEST_F(SigningKeyTest, SIG3_EcKeySignsWithEs256) {
  auto pair = make_ec("P-256");
  for (const auto& pem : {private_pem(pair.get()), traditional_pem(pair.get())}) {
    auto key = parsed(write("ec.pem", pem));
    EXPECT_EQ(key.algorithm(), "ES256");
    auto apart = take_apart(token(key));
    EXPECT_EQ(apart.header, Json::parse(R"({"typ":"JWT","alg":"ES256"})"));
    EXPECT_TRUE(verifies(pair.get(), apart.signed_part, der_signature(apart.signature)));
    EXPECT_FALSE(verifies(make_ec("P-256").get(), apart.signed_part, der_signature(apart.signature)));
  }
}

// r and s are shorter than 32 bytes once in 128 signatures; they must be padded then.
TEST_F(SigningKeyTest, SIG3_Es256SignaturesAreAlwaysPadded) {
  auto pair = make_ec("P-256");
  auto key = parsed(write("ec.pem", private_pem(pair.get())));
  for (int i = 0; i < 400; ++i) {
    auto apart = take_apart(token(key, "holdfast", 1'700'000'000 + i));
    ASSERT_EQ(apart.signature.size(), 64u);
    ASSERT_TRUE(verifies(pair.get(), apart.signed_part, der_signature(apart.signature)));
  }
}

TEST_F(SigningKeyTest, SIG3_RsaKeySignsWithRs256) {
  auto pair = make_rsa(2048);
  for (const auto& pem : {private_pem(pair.get()), traditional_pem(pair.get())}) {
    auto key = parsed(write("rsa.pem", pem));
    EXPECT_EQ(key.algorithm(), "RS256");
    auto apart = take_apart(token(key));
    EXPECT_EQ(apart.header, Json::parse(R"({"typ":"JWT","alg":"RS256"})"));
    EXPECT_TRUE(verifies(pair.get(), apart.signed_part, apart.signature));
  }
}

TEST_F(SigningKeyTest, TextBeforeThePemIsPassedOver) {
  auto pair = make_ec("P-256");
  EXPECT_EQ(parsed(write("ec.pem", "the key of the edge\n\n" + private_pem(pair.get()))).algorithm(), "ES256");
}

TEST_F(SigningKeyTest, PathsAreRelativeToTheDirectoryOrAbsolute) {
  write("secret", "6162");
  expect_hmac_of(parsed("file:secret"), "ab");
  expect_hmac_of(parsed("file:" + (directory_ / "secret").string()), "ab");
}

TEST_F(SigningKeyTest, EmptyKeysAreRefused) {
  EXPECT_THAT(refused(""), HasSubstr("the key is empty"));
  EXPECT_THAT(refused("base64:"), HasSubstr("the key is empty"));
  EXPECT_THAT(refused(write("empty", "\n")), HasSubstr("the key is empty"));
  EXPECT_THAT(refused("file:"), HasSubstr("no path behind file:"));
}

TEST_F(SigningKeyTest, MistypedBase64IsRefused) {
  for (const char* text : {"c2VjcmV0!", "c2Vj cmV0", "c2VjcmV0\n", "c2Vjc", "c2VjcmVl=", "c2VjcmV==", "c2VjcmV0=", "=",
                           "====", "c2=VjcmV"}) {
    EXPECT_THAT(refused(std::string("base64:") + text), HasSubstr("is not base64")) << text;
  }
}

TEST_F(SigningKeyTest, UnreadableFilesAreRefused) {
  EXPECT_THAT(refused("file:missing"), HasSubstr("missing\": No such file or directory"));
  EXPECT_THAT(refused("file:."), HasSubstr("Is a directory"));
  EXPECT_THAT(refused(write("long", std::string(70000, 'a'))), HasSubstr("longer than 65536 bytes"));
}

TEST_F(SigningKeyTest, FilesWithNoKeyAreRefused) {
  EXPECT_THAT(refused(write("text", "changeme\n")), HasSubstr("neither a key in PEM nor a secret"));
  EXPECT_THAT(refused(write("odd", "abc")), HasSubstr("neither a key in PEM nor a secret"));
  EXPECT_THAT(refused(write("der", std::string("\x30\x82\x01\x00", 4))), HasSubstr("neither"));
  EXPECT_THAT(refused(write("damaged", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")),
              HasSubstr("damaged"));
}

TEST_F(SigningKeyTest, PublicKeysAreRefused) {
  auto pair = make_ec("P-256");
  auto pem = to_pem([&](BIO* out) { return PEM_write_bio_PUBKEY(out, pair.get()); });
  EXPECT_THAT(refused(write("public.pem", pem)), HasSubstr("no private key"));
}

TEST_F(SigningKeyTest, KeysWithAPassphraseAreRefusedWithoutAsking) {
  auto pair = make_ec("P-256");
  unsigned char passphrase[] = {'p', 'w'};
  auto pem = to_pem([&](BIO* out) {
    return PEM_write_bio_PrivateKey(out, pair.get(), EVP_aes_128_cbc(), passphrase, sizeof passphrase, nullptr,
                                    nullptr);
  });
  EXPECT_THAT(refused(write("locked.pem", pem)), HasSubstr("has a passphrase"));
}

TEST_F(SigningKeyTest, WeakAndForeignKeysAreRefused) {
  EXPECT_THAT(refused(write("rsa.pem", private_pem(make_rsa(1024).get()))),
              HasSubstr("the RSA key has 1024 bits, at least 2048"));
  EXPECT_THAT(refused(write("ec.pem", private_pem(make_ec("P-384").get()))), HasSubstr("secp384r1, P-256"));
  PkeyPtr edwards(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), &EVP_PKEY_free);
  EXPECT_THAT(refused(write("ed.pem", private_pem(edwards.get()))), HasSubstr("neither RSA nor EC"));
}

TEST_F(SigningKeyTest, APemIsNotTakenForASecret) {
  auto pair = make_ec("P-256");
  EXPECT_THAT(refused(private_pem(pair.get())), HasSubstr("write file:PATH"));
}

TEST_F(SigningKeyTest, ErrorsNeverQuoteTheKey) {
  EXPECT_THAT(refused("base64:hunter2!"), Not(HasSubstr("hunter2")));
  EXPECT_THAT(refused(write("text", "hunter2")), Not(HasSubstr("hunter2")));
  EXPECT_THAT(refused("-----BEGIN hunter2"), Not(HasSubstr("hunter2")));
}

TEST_F(SigningKeyTest, IssuersThatCannotBeWrittenAreRefused) {
  auto key = parsed("changeme");
  for (const auto& issuer : {std::string("\xff"), std::string("a\0b", 3)}) {
    auto made = key.sign(issuer, 1);
    ASSERT_FALSE(made.has_value());
    EXPECT_THAT(made.error().what, HasSubstr("UTF-8 without NUL"));
  }
}

TEST_F(SigningKeyTest, CopiesShareOneIdentity) {
  auto key = parsed("changeme");
  auto copy = key;
  auto twin = parsed("changeme");
  EXPECT_EQ(copy.identity(), key.identity());
  EXPECT_NE(twin.identity(), key.identity());
  EXPECT_EQ(token(copy), token(twin));
}

}  // namespace
}  // namespace holdfast::base
