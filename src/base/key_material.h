// SPDX-License-Identifier: Apache-2.0
// What a key's notation leads to, before it is known whether it signs or verifies; for jwt.cc and jwt_verify.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <openssl/types.h>

#include <holdfast/result.h>

namespace holdfast::base {

constexpr std::size_t kMaxKeyBytes = 65536;  ///< of a secret, and of a key file
constexpr int kMinRsaBits = 2048;            ///< RFC 7518 §3.3

/// Why a key cannot be used, when it cannot.
using KeyProblem = std::optional<Error>;

/// Bytes that are wiped at the end of their life.
struct SecretBytes {
  std::string bytes;

  SecretBytes() = default;
  ~SecretBytes();
  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;
};

/// RFC 7518 §3. Chosen by the key alone, never by a token.
enum class JwtAlgorithm : std::uint8_t { hs256, rs256, es256 };
std::string_view name_of(JwtAlgorithm algorithm);

/// The bytes of a secret, or the text of a file with PEM in it.
struct KeyMaterial {
  enum class Kind : std::uint8_t { secret, pem };

  Kind kind = Kind::secret;
  SecretBytes content;
  std::string place;  ///< `key file "PATH": `, for problems that are found later; empty: the key came in the notation

  /// Reads the notation of `sig_key` (`routes-and-config` §1.7):
  ///   base64:DATA  the secret in base64, of either alphabet, with or without padding
  ///   file:PATH    a file with PEM, or else with a secret in hexadecimal. A relative path counts from `base_directory`
  ///   other text   the secret itself
  /// A PEM that is given as a secret is refused: it may well be public.
  KeyProblem read(std::string_view notation, const std::string& base_directory);

 private:
  KeyProblem read_file(const std::string& path);
};

/// RSA of kMinRsaBits or more, or EC on P-256; `what` is "private" or "public".
KeyProblem choose_algorithm(const EVP_PKEY* key, std::string_view what, JwtAlgorithm& algorithm);

}  // namespace holdfast::base
