// SPDX-License-Identifier: Apache-2.0
#include "base/key_material.h"

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <system_error>

#include <fmt/core.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/text.h"

namespace holdfast::base {
namespace {

using FilePtr = std::unique_ptr<std::FILE, decltype(&std::fclose)>;

constexpr std::string_view kPemMark = "-----BEGIN";

std::string system_message(int error) {
  return std::generic_category().message(error);
}

KeyProblem read_key_file(const std::string& path, std::string& content) {
  FilePtr file(std::fopen(path.c_str(), "rbe"), &std::fclose);
  if (!file) return Error{system_message(errno)};
  std::setvbuf(file.get(), nullptr, _IONBF, 0);  // a buffer would keep a copy of the key
  content.resize(kMaxKeyBytes + 1);
  auto size = std::fread(content.data(), 1, content.size(), file.get());
  if (std::ferror(file.get())) return Error{system_message(errno)};
  content.resize(size);
  if (size > kMaxKeyBytes) return Error{fmt::format("it is longer than {} bytes, so it is no key", kMaxKeyBytes)};
  return {};
}

/// The text without white space at both ends: files end with a line end.
std::string_view strip(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  auto first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

}  // namespace

SecretBytes::~SecretBytes() {
  bytes.resize(bytes.capacity());  // what was longer once is still there behind the end
  OPENSSL_cleanse(bytes.data(), bytes.size());
}

std::string_view name_of(JwtAlgorithm algorithm) {
  switch (algorithm) {
    case JwtAlgorithm::rs256: return "RS256";
    case JwtAlgorithm::es256: return "ES256";
    case JwtAlgorithm::hs256: break;
  }
  return "HS256";
}

KeyProblem KeyMaterial::read(std::string_view notation, const std::string& base_directory) {
  constexpr std::string_view kBase64 = "base64:";
  constexpr std::string_view kFile = "file:";
  if (notation.starts_with(kFile)) {
    auto path = notation.substr(kFile.size());
    if (path.empty()) return Error{"the key has no path behind file:"};
    auto full_path = (std::filesystem::path(base_directory) / path).string();
    place = fmt::format("key file \"{}\": ", printable(full_path));
    auto problem = read_file(full_path);
    if (problem) problem->what = place + problem->what;
    if (problem || kind == Kind::pem) return problem;
  } else if (notation.starts_with(kBase64)) {
    // Strict: a mistyped key would show only when every signature is refused.
    auto decoded = decode_strict_base64(notation.substr(kBase64.size()));
    if (!decoded) return Error{"the key behind base64: is not base64: encode it anew, on one line and without spaces"};
    content.bytes.swap(*decoded);
  } else {
    content.bytes = notation;
  }
  const auto& secret = content.bytes;
  if (secret.find(kPemMark) != std::string::npos) {
    return Error{"the key is a PEM: put it into a file and write file:PATH"};
  }
  if (secret.empty()) return Error{"the key is empty: give one, or leave the setting out"};
  if (secret.size() > kMaxKeyBytes) return Error{fmt::format("the key is longer than {} bytes", kMaxKeyBytes)};
  return {};
}

KeyProblem KeyMaterial::read_file(const std::string& path) {
  SecretBytes text;
  if (auto problem = read_key_file(path, text.bytes)) return problem;
  if (text.bytes.find(kPemMark) != std::string::npos) {
    kind = Kind::pem;
    content.bytes.swap(text.bytes);
    return {};
  }
  auto secret = decode_hex(strip(text.bytes));
  if (!secret) return Error{"it holds neither a key in PEM nor a secret in hexadecimal digits"};
  content.bytes.swap(*secret);
  return {};
}

KeyProblem choose_algorithm(const EVP_PKEY* key, std::string_view what, JwtAlgorithm& algorithm) {
  switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA: {
      int bits = EVP_PKEY_get_bits(key);
      if (bits < kMinRsaBits) {
        return Error{fmt::format("the RSA key has {} bits, at least {} are needed", bits, kMinRsaBits)};
      }
      algorithm = JwtAlgorithm::rs256;
      return {};
    }
    case EVP_PKEY_EC: {
      char curve[64] = "without a name";
      EVP_PKEY_get_group_name(key, curve, sizeof curve, nullptr);
      if (std::string_view(curve) != "prime256v1") {
        return Error{fmt::format("the EC key is on the curve {}, P-256 (prime256v1) is needed", curve)};
      }
      algorithm = JwtAlgorithm::es256;
      return {};
    }
    default: return Error{fmt::format("the {} key is neither RSA nor EC, as RS256 and ES256 need", what)};
  }
}

}  // namespace holdfast::base
