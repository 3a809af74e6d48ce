// SPDX-License-Identifier: Apache-2.0
// Who may publish, or administer: tokens and JWTs in the fields of a request (contract §3 and §4).
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <holdfast/headers.h>
#include <holdfast/result.h>

#include "base/digest.h"
#include "base/jwt_verify.h"

namespace holdfast::front {

/// What one listener accepts. Immutable; any thread.
///
/// A request carries exactly one credential, in one of these forms:
///   Authorization: Bearer TOKEN   a token, or a JWT that the key of its issuer signed
///   Authorization: Basic …        a token as the password, of any user
///   Fastly-Key: TOKEN
/// Of tokens only digests are kept, and all of them are compared with what is given, in constant time: how long it
/// takes tells nothing. Several tokens, or keys of one issuer, are good at once, so that they can be replaced one after
/// the other.
class Credentials {
 public:
  struct Issuer {
    std::string iss;
    base::VerifyKey key;
  };

  Credentials(const std::vector<std::string>& tokens, std::vector<Issuer> issuers);

  /// Nothing is accepted, nobody is let in. Where nothing is asked for, there is no such object.
  bool empty() const { return tokens_.empty() && issuers_.empty(); }

  /// An error says why there is no good credential among these fields, and quotes none.
  Result<void> check(Fields fields, std::int64_t now_unix) const;
  /// The same, now.
  bool admit(Fields fields) const;

 private:
  bool is_token(std::string_view text) const;
  Result<void> check_bearer(std::string_view text, std::int64_t now_unix) const;

  std::vector<base::Sha256> tokens_;
  std::vector<Issuer> issuers_;
};

/// Null: none are asked for.
using CredentialsRef = std::shared_ptr<const Credentials>;

/// What a 401 says of the ways in (RFC 9110 §11.6.1).
inline constexpr std::array<Field, 2> kChallenges{Field{"WWW-Authenticate", "Bearer realm=\"holdfast\""},
                                                  Field{"WWW-Authenticate", "Basic realm=\"holdfast\""}};

}  // namespace holdfast::front
