// SPDX-License-Identifier: Apache-2.0
// Keys that sign tokens, and the compact JWTs (RFC 7519) that they make.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <holdfast/result.h>

namespace holdfast::base {

/// A shared secret, or the private key of a pair. Immutable; copies share it; any thread. The key material is wiped
/// from memory with the last copy, and no error quotes it.
class SigningKey {
 public:
  /// Reads the notation of `sig_key` (`routes-and-config` §1.7):
  ///   base64:DATA  the secret in base64, of either alphabet, with or without padding
  ///   file:PATH    a file with a private key in PEM, RSA or EC on P-256, without a passphrase; or else with a secret
  ///                in hexadecimal. A relative path counts from `base_directory`.
  ///   other text   the secret itself
  /// A key that is empty, malformed, too weak, or in a file that cannot be read is an error that says how to mend it.
  static Result<SigningKey> parse(std::string_view notation, const std::string& base_directory);

  /// The name in the token's header, by the kind of key (SIG-3): HS256, RS256 or ES256.
  std::string_view algorithm() const;

  /// A token with the header {"typ":"JWT","alg":…} and exactly the claims `iss` and `exp` (SIG-1). An error when the
  /// issuer is not UTF-8 or has a NUL in it. Costs microseconds with a secret and up to a millisecond with a pair.
  Result<std::string> sign(const std::string& issuer, std::int64_t expires_unix) const;

  /// The same for all copies of a key, different for any two keys that are alive, even if they are made of the same
  /// bytes.
  const void* identity() const { return key_.get(); }

 private:
  struct Key;
  explicit SigningKey(std::shared_ptr<const Key> key) : key_(std::move(key)) {}

  std::shared_ptr<const Key> key_;
};

}  // namespace holdfast::base
