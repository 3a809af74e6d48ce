// SPDX-License-Identifier: Apache-2.0
// Keys that verify compact JWTs (RFC 7519): those of publishers, and the Grip-Sig of a GRIP proxy in front.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <holdfast/result.h>

namespace holdfast::base {

enum class JwtStatus : std::uint8_t {
  good,
  malformed,  ///< no compact JWT, or one whose header or claims are not as they must be
  foreign,    ///< its algorithm is not that of the key, or the key did not sign it
  expired,
  too_early,  ///< before its `nbf`
};

/// "the JWT has expired", and so on: for people who may be the attacker.
std::string_view describe(JwtStatus status);

struct JwtVerdict {
  JwtStatus status = JwtStatus::malformed;
  std::string issuer;  ///< of a token that the key signed; empty: it names none
};

/// A shared secret, or the public key of a pair. Immutable; copies share it; any thread. No error quotes the key.
class VerifyKey {
 public:
  static constexpr std::size_t kMaxTokenBytes = 8192;  ///< longer tokens are malformed
  static constexpr std::int64_t kLeeway_s = 30;        ///< by which clocks may differ

  /// Reads the notations that SigningKey::parse does. A PEM may hold a public key, an X.509 certificate (whose dates do
  /// not count) or a private key (of which the public half is used); RSA or EC on P-256.
  static Result<VerifyKey> parse(std::string_view notation, const std::string& base_directory);

  /// The one algorithm that is accepted, by the kind of key: HS256, RS256 or ES256. A token cannot choose another one,
  /// nor none at all (RFC 8725 §3.1).
  std::string_view algorithm() const;

  /// Good when this key signed it, and `exp`, which it must have, and `nbf`, where it has one, allow it at `now_unix`.
  /// Tokens with `crit` are malformed, since we know no extension (RFC 7515 §4.1.11). Nothing of the claims is read
  /// before the signature is known to be good.
  JwtVerdict verify(std::string_view token, std::int64_t now_unix) const;

 private:
  struct Key;
  explicit VerifyKey(std::shared_ptr<const Key> key) : key_(std::move(key)) {}

  std::shared_ptr<const Key> key_;
};

}  // namespace holdfast::base
