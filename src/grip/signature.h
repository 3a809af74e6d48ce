// SPDX-License-Identifier: Apache-2.0
// The Grip-Sig header of requests to origins (`grip-http` §5, SIG-1 to SIG-4).
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "base/jwt.h"

namespace holdfast::grip {

/// Makes tokens and remembers them, since one may serve many requests: an origin cannot tell, and an asymmetric
/// signature costs more than the rest of the request. Belongs to one core.
class Signer {
 public:
  /// How long a token is valid from when it is made, and how long it is used: so an origin sees at least 3540 s left.
  static constexpr std::int64_t kValidity_s = 3600;
  static constexpr std::int64_t kReuse_s = 60;

  /// A token of this issuer, signed with this key; valid until the next call. Empty when the issuer is empty (SIG-2),
  /// or cannot be signed, which is logged; the configuration checks that beforehand with SigningKey::sign. The time is
  /// in seconds since 1970 and may jump.
  std::string_view token(const base::SigningKey& key, const std::string& issuer, std::int64_t now_unix);

  /// How many tokens are remembered. Those that are too old to be used go when the next one is made.
  std::size_t size() const { return tokens_.size(); }

 private:
  struct Token {
    base::SigningKey key;  ///< keeps the identity from being given to another key
    std::int64_t made_at;
    std::string text;
  };
  using Identity = std::pair<const void*, std::string>;  ///< of the key, and the issuer

  static bool usable(const Token& token, std::int64_t now_unix);

  std::map<Identity, Token> tokens_;
};

}  // namespace holdfast::grip
