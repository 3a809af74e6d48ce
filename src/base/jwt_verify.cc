// SPDX-License-Identifier: Apache-2.0
#include "base/jwt_verify.h"

#include <array>
#include <optional>

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/json.h"
#include "base/key_material.h"
#include "base/text.h"

namespace holdfast::base {
namespace {

using BioPtr = std::unique_ptr<BIO, decltype(&BIO_free)>;
using PkeyPtr = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using MdPtr = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;
using X509Ptr = std::unique_ptr<X509, decltype(&X509_free)>;
using EcdsaPtr = std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)>;

constexpr int kEcNumberBytes = 32;  // of r and of s on P-256 (RFC 7518 §3.4)

const unsigned char* data_of(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

/// Without it, OpenSSL would ask on the terminal.
int no_passphrase(char*, int, int, void*) {
  return -1;
}

PkeyPtr read_pem(std::string_view text) {
  auto bio = [&] { return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), &BIO_free); };
  PkeyPtr key(PEM_read_bio_PUBKEY(bio().get(), nullptr, no_passphrase, nullptr), &EVP_PKEY_free);
  if (!key) {
    X509Ptr certificate(PEM_read_bio_X509(bio().get(), nullptr, no_passphrase, nullptr), &X509_free);
    if (certificate) key.reset(X509_get_pubkey(certificate.get()));
  }
  if (!key) key.reset(PEM_read_bio_PrivateKey(bio().get(), nullptr, no_passphrase, nullptr));
  ERR_clear_error();
  return key;
}

/// JOSE writes r and s one after the other; OpenSSL wants them in DER. Empty when they are no such pair.
std::string der_signature(std::string_view jose) {
  if (jose.size() != 2 * kEcNumberBytes) return {};
  EcdsaPtr pair(ECDSA_SIG_new(), &ECDSA_SIG_free);
  auto* r = BN_bin2bn(data_of(jose), kEcNumberBytes, nullptr);
  auto* s = BN_bin2bn(data_of(jose) + kEcNumberBytes, kEcNumberBytes, nullptr);
  if (!pair || ECDSA_SIG_set0(pair.get(), r, s) != 1) return {};
  std::array<unsigned char, 2 * kEcNumberBytes + 16> der;
  auto* end = der.data();
  auto size = i2d_ECDSA_SIG(pair.get(), &end);
  return size > 0 ? std::string(der.data(), der.data() + size) : std::string();
}

bool verify_hmac(std::string_view secret, std::string_view bytes, std::string_view signature) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned size = 0;
  auto* made = HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()), data_of(bytes), bytes.size(),
                    digest.data(), &size);
  return made && signature.size() == size && CRYPTO_memcmp(digest.data(), signature.data(), size) == 0;
}

bool verify_pair(EVP_PKEY* key, std::string_view bytes, std::string_view signature) {
  MdPtr context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  bool good = context && EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key) == 1 &&
              EVP_DigestVerify(context.get(), data_of(signature), signature.size(), data_of(bytes), bytes.size()) == 1;
  ERR_clear_error();
  return good;
}

/// The bytes of one part: base64url without padding (RFC 7515 §2).
std::optional<std::string> decode_part(std::string_view part) {
  if (part.find_first_of("+/=") != std::string_view::npos) return std::nullopt;
  return decode_strict_base64(part);
}

std::optional<Json> decode_object(std::string_view part) {
  auto text = decode_part(part);
  if (!text) return std::nullopt;
  auto value = parse_json(*text);
  return value && value->is_object() ? value : std::nullopt;
}

/// A text member; null when there is none.
const std::string* text_of(const Json& object, const char* name) {
  auto found = object.find(name);
  return found != object.end() ? found->get_ptr<const std::string*>() : nullptr;
}

/// The claims of a token whose signature is good.
JwtVerdict judge(const Json& claims, std::int64_t now_unix) {
  JwtVerdict verdict;
  auto issuer = claims.find("iss");
  if (issuer != claims.end()) {
    if (!issuer->is_string()) return verdict;
    verdict.issuer = issuer->get<std::string>();
  }
  // NumericDate may have a fraction (RFC 7519 §2); a double tells seconds apart for longer than there will be clocks.
  auto expires = claims.find("exp");
  if (expires == claims.end() || !expires->is_number()) return verdict;
  auto begins = claims.find("nbf");
  if (begins != claims.end() && !begins->is_number()) return verdict;
  auto now = static_cast<double>(now_unix);
  if (now >= expires->get<double>() + VerifyKey::kLeeway_s) {
    verdict.status = JwtStatus::expired;
  } else if (begins != claims.end() && now < begins->get<double>() - VerifyKey::kLeeway_s) {
    verdict.status = JwtStatus::too_early;
  } else {
    verdict.status = JwtStatus::good;
  }
  return verdict;
}

}  // namespace

struct VerifyKey::Key {
  JwtAlgorithm algorithm = JwtAlgorithm::hs256;
  SecretBytes secret;
  PkeyPtr pair{nullptr, &EVP_PKEY_free};  ///< of RS256 and ES256

  bool signed_by_us(std::string_view bytes, std::string_view signature) const {
    switch (algorithm) {
      case JwtAlgorithm::hs256: return verify_hmac(secret.bytes, bytes, signature);
      case JwtAlgorithm::rs256: return verify_pair(pair.get(), bytes, signature);
      case JwtAlgorithm::es256: break;
    }
    auto der = der_signature(signature);
    return !der.empty() && verify_pair(pair.get(), bytes, der);
  }
};

std::string_view describe(JwtStatus status) {
  switch (status) {
    case JwtStatus::good: return "the JWT is good";
    case JwtStatus::malformed: return "the JWT is malformed, or has no exp";
    case JwtStatus::foreign: return "the JWT is not signed by a key that is known for its issuer";
    case JwtStatus::expired: return "the JWT has expired";
    case JwtStatus::too_early: break;
  }
  return "the JWT is not valid yet";
}

Result<VerifyKey> VerifyKey::parse(std::string_view notation, const std::string& base_directory) {
  KeyMaterial given;
  if (auto problem = given.read(notation, base_directory)) return std::move(*problem);
  auto key = std::make_shared<Key>();
  if (given.kind == KeyMaterial::Kind::secret) {
    key->secret.bytes.swap(given.content.bytes);
    return VerifyKey(std::move(key));
  }
  key->pair = read_pem(given.content.bytes);
  if (!key->pair) {
    return Error{given.place +
                 "the PEM has no public key, certificate or private key without passphrase that is whole"};
  }
  if (auto problem = choose_algorithm(key->pair.get(), "public", key->algorithm)) {
    return Error{given.place + problem->what};
  }
  return VerifyKey(std::move(key));
}

std::string_view VerifyKey::algorithm() const {
  return name_of(key_->algorithm);
}

JwtVerdict VerifyKey::verify(std::string_view token, std::int64_t now_unix) const {
  if (token.size() > kMaxTokenBytes) return {};
  auto first = token.find('.');
  auto second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (second == std::string_view::npos) return {};
  auto header = decode_object(token.substr(0, first));
  auto signature = decode_part(token.substr(second + 1));
  if (!header || !signature || header->contains("crit")) return {};
  const auto* algorithm = text_of(*header, "alg");
  if (!algorithm) return {};
  if (*algorithm != name_of(key_->algorithm) || !key_->signed_by_us(token.substr(0, second), *signature)) {
    return {JwtStatus::foreign, {}};
  }
  auto claims = decode_object(token.substr(first + 1, second - first - 1));
  return claims ? judge(*claims, now_unix) : JwtVerdict();
}

}  // namespace holdfast::base
