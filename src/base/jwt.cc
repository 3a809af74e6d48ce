// SPDX-License-Identifier: Apache-2.0
#include "base/jwt.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <system_error>

#include <fmt/core.h>
#include <jwt.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "base/text.h"
#include "base/utf8.h"

namespace holdfast::base {
namespace {

using JwtPtr = std::unique_ptr<jwt_t, decltype(&jwt_free)>;
using BioPtr = std::unique_ptr<BIO, decltype(&BIO_free)>;
using PkeyPtr = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using FilePtr = std::unique_ptr<std::FILE, decltype(&std::fclose)>;

/// Why a key cannot be used, when it cannot.
using Problem = std::optional<Error>;

constexpr std::string_view kPemMark = "-----BEGIN";

/// Bytes that are wiped at the end of their life.
struct SecretBytes {
  std::string bytes;

  SecretBytes() = default;
  ~SecretBytes() {
    bytes.resize(bytes.capacity());  // what was longer once is still there behind the end
    OPENSSL_cleanse(bytes.data(), bytes.size());
  }
  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;
};

std::string system_message(int error) {
  return std::generic_category().message(error);
}

/// base64 of a key: strict where decode_base64 is lenient, since a mistyped key would show only when every signature
/// is refused.
bool decode_key_base64(std::string_view text, std::string& bytes) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_";
  auto digits = text.substr(0, text.find_last_not_of('=') + 1);
  auto padding = text.size() - digits.size();
  if (digits.find_first_not_of(kDigits) != std::string_view::npos || digits.size() % 4 == 1) return false;
  if (padding != 0 && (padding > 2 || text.size() % 4 != 0)) return false;
  bytes = decode_base64(digits);
  return true;
}

Problem read_key_file(const std::string& path, std::string& content) {
  FilePtr file(std::fopen(path.c_str(), "rbe"), &std::fclose);
  if (!file) return Error{system_message(errno)};
  std::setvbuf(file.get(), nullptr, _IONBF, 0);  // a buffer would keep a copy of the key
  content.resize(SigningKey::kMaxKeyBytes + 1);
  auto size = std::fread(content.data(), 1, content.size(), file.get());
  if (std::ferror(file.get())) return Error{system_message(errno)};
  content.resize(size);
  if (size > SigningKey::kMaxKeyBytes) {
    return Error{fmt::format("it is longer than {} bytes, so it is no key", SigningKey::kMaxKeyBytes)};
  }
  return {};
}

/// The text without white space at both ends: files end with a line end.
std::string_view strip(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  auto first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

Problem choose_algorithm(const EVP_PKEY* key, jwt_alg_t& algorithm) {
  switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA: {
      int bits = EVP_PKEY_get_bits(key);
      if (bits < SigningKey::kMinRsaBits) {
        return Error{fmt::format("the RSA key has {} bits, at least {} are needed", bits, SigningKey::kMinRsaBits)};
      }
      algorithm = JWT_ALG_RS256;
      return {};
    }
    case EVP_PKEY_EC: {
      char curve[64] = "without a name";
      EVP_PKEY_get_group_name(key, curve, sizeof curve, nullptr);
      if (std::string_view(curve) != "prime256v1") {
        return Error{fmt::format("the EC key is on the curve {}, P-256 (prime256v1) is needed", curve)};
      }
      algorithm = JWT_ALG_ES256;
      return {};
    }
    default: return Error{"the private key is neither RSA nor EC, as RS256 and ES256 need"};
  }
}

/// Called for keys with a passphrase; without it OpenSSL would ask on the terminal.
int refuse_passphrase(char*, int, int, void* has_passphrase) {
  *static_cast<bool*>(has_passphrase) = true;
  return -1;
}

/// Checks a private key and writes it anew to `pem`, so that what libjwt reads later is one plain block.
Problem read_private_key(std::string_view text, jwt_alg_t& algorithm, std::string& pem) {
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
  if (auto problem = choose_algorithm(key.get(), algorithm)) return problem;

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
  jwt_alg_t algorithm = JWT_ALG_HS256;
  SecretBytes material;  ///< the secret, or the private key in PEM

  Problem read(std::string_view notation, const std::string& base_directory);
  Problem read_file(const std::string& path);
};

/// Reads all but what holds for every kind of key.
Problem SigningKey::Key::read(std::string_view notation, const std::string& base_directory) {
  constexpr std::string_view kBase64 = "base64:";
  constexpr std::string_view kFile = "file:";
  if (notation.starts_with(kBase64)) {
    if (decode_key_base64(notation.substr(kBase64.size()), material.bytes)) return {};
    return Error{"the key behind base64: is not base64: encode it anew, on one line and without spaces"};
  }
  if (notation.starts_with(kFile)) {
    auto path = notation.substr(kFile.size());
    if (path.empty()) return Error{"the key has no path behind file:"};
    auto full_path = (std::filesystem::path(base_directory) / path).string();
    auto problem = read_file(full_path);
    if (problem) problem->what = fmt::format("key file \"{}\": {}", printable(full_path), problem->what);
    return problem;
  }
  // Taken for a secret, a PEM would sign with bytes that may well be public.
  if (notation.find(kPemMark) != std::string_view::npos) {
    return Error{"the key is a PEM: put it into a file and write file:PATH"};
  }
  material.bytes = notation;
  return {};
}

Problem SigningKey::Key::read_file(const std::string& path) {
  SecretBytes content;
  if (auto problem = read_key_file(path, content.bytes)) return problem;
  if (content.bytes.find(kPemMark) != std::string::npos) {
    return read_private_key(content.bytes, algorithm, material.bytes);
  }
  auto secret = decode_hex(strip(content.bytes));
  if (!secret) return Error{"it holds neither a private key in PEM nor a secret in hexadecimal digits"};
  material.bytes.swap(*secret);
  return {};
}

Result<SigningKey> SigningKey::parse(std::string_view notation, const std::string& base_directory) {
  auto key = std::make_shared<Key>();
  if (auto problem = key->read(notation, base_directory)) return std::move(*problem);
  const auto& bytes = key->material.bytes;
  if (bytes.empty()) return Error{"the key is empty: give one, or leave the setting out"};
  if (bytes.size() > kMaxKeyBytes) return Error{fmt::format("the key is longer than {} bytes", kMaxKeyBytes)};
  return SigningKey(std::move(key));
}

std::string_view SigningKey::algorithm() const {
  return jwt_alg_str(key_->algorithm);
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
    error = jwt_set_alg(made, key_->algorithm, reinterpret_cast<const unsigned char*>(bytes.data()),
                        static_cast<int>(bytes.size()));
  }
  if (error != 0) return Error{fmt::format("a token cannot be made: {}", system_message(error))};
  std::unique_ptr<char, decltype(&std::free)> text(jwt_encode_str(made), &std::free);
  if (!text) return Error{fmt::format("a token cannot be signed: {}", system_message(errno))};
  return std::string(text.get());
}

}  // namespace holdfast::base
