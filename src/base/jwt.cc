// SPDX-License-Identifier: Apache-2.0
#include "base/jwt.h"

#include <cerrno>
#include <cstdlib>
#include <system_error>

#include <fmt/core.h>
#include <jwt.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "base/key_material.h"
#include "base/text.h"
#include "base/utf8.h"

namespace holdfast::base {
namespace {

using JwtPtr = std::unique_ptr<jwt_t, decltype(&jwt_free)>;
using BioPtr = std::unique_ptr<BIO, decltype(&BIO_free)>;
using PkeyPtr = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

std::string system_message(int error) {
  return std::generic_category().message(error);
}

jwt_alg_t libjwt_name(JwtAlgorithm algorithm) {
  switch (algorithm) {
    case JwtAlgorithm::rs256: return JWT_ALG_RS256;
    case JwtAlgorithm::es256: return JWT_ALG_ES256;
    case JwtAlgorithm::hs256: break;
  }
  return JWT_ALG_HS256;
}

/// Called for keys with a passphrase; without it OpenSSL would ask on the terminal.
int refuse_passphrase(char*, int, int, void* has_passphrase) {
  *static_cast<bool*>(has_passphrase) = true;
  return -1;
}

/// Checks a private key and writes it anew to `pem`, so that what libjwt reads later is one plain block.
KeyProblem read_private_key(std::string_view text, JwtAlgorithm& algorithm, std::string& pem) {
  bool has_passphrase = false;
  BioPtr in(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), &BIO_free);
  PkeyPtr key(PEM_read_bio_PrivateKey(in.get(), nullptr, refuse_passphrase, &has_passphrase), &EVP_PKEY_free);
  ERR_clear_error();
  if (has_passphrase) {
    return Error{"the private key has a passphrase: write it without (openssl pkey -in OLD -out NEW)"};
  }
  if (!key && text.find("PRIVATE KEY-----") == std::string_view::npos) {
    return Error{"the PEM has no private key in it, and nothing else can sign"};
  }
  if (!key) return Error{"the private key in the PEM is damaged"};
  if (auto problem = choose_algorithm(key.get(), "private", algorithm)) return problem;

  BioPtr out(BIO_new(BIO_s_mem()), &BIO_free);
  if (PEM_write_bio_PrivateKey(out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    return Error{"the private key cannot be written as PEM"};
  }
  char* data = nullptr;
  auto size = BIO_get_mem_data(out.get(), &data);
  pem.assign(data, static_cast<std::size_t>(size));
  return {};
}

}  // namespace

struct SigningKey::Key {
  JwtAlgorithm algorithm = JwtAlgorithm::hs256;
  SecretBytes material;  ///< the secret, or the private key in PEM
};

Result<SigningKey> SigningKey::parse(std::string_view notation, const std::string& base_directory) {
  KeyMaterial given;
  if (auto problem = given.read(notation, base_directory)) return std::move(*problem);
  auto key = std::make_shared<Key>();
  if (given.kind == KeyMaterial::Kind::secret) {
    key->material.bytes.swap(given.content.bytes);
  } else if (auto problem = read_private_key(given.content.bytes, key->algorithm, key->material.bytes)) {
    return Error{given.place + problem->what};
  }
  return SigningKey(std::move(key));
}

std::string_view SigningKey::algorithm() const {
  return name_of(key_->algorithm);
}

Result<std::string> SigningKey::sign(const std::string& issuer, std::int64_t expires_unix) const {
  if (!valid_utf8(issuer) || issuer.find('\0') != std::string::npos) {
    return Error{
        fmt::format("the issuer \"{}\" cannot stand in a token: UTF-8 without NUL is needed", printable(issuer))};
  }
  jwt_t* made = nullptr;
  if (jwt_new(&made) != 0) return Error{"a token cannot be made: out of memory"};
  JwtPtr token(made, &jwt_free);
  const auto& bytes = key_->material.bytes;
  int error = jwt_add_grant(made, "iss", issuer.c_str());
  if (error == 0) error = jwt_add_grant_int(made, "exp", expires_unix);
  if (error == 0) {
    error = jwt_set_alg(made, libjwt_name(key_->algorithm), reinterpret_cast<const unsigned char*>(bytes.data()),
                        static_cast<int>(bytes.size()));
  }
  if (error != 0) return Error{fmt::format("a token cannot be made: {}", system_message(error))};
  std::unique_ptr<char, decltype(&std::free)> text(jwt_encode_str(made), &std::free);
  if (!text) return Error{fmt::format("a token cannot be signed: {}", system_message(errno))};
  return std::string(text.get());
}

}  // namespace holdfast::base
