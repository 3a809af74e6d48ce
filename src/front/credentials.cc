// SPDX-License-Identifier: Apache-2.0
#include "front/credentials.h"

#include <utility>

#include "base/clock.h"
#include "base/text.h"

namespace holdfast::front {
namespace {

Error unknown_token() {
  return Error{"the token is not one that is known"};
}

/// The password in the credentials of the Basic scheme (RFC 7617 §2).
Result<std::string> basic_password(std::string_view text) {
  // Python's pubcontrol writes its bytes as Python would show them.
  if (text.size() >= 3 && text.starts_with("b'") && text.ends_with('\'')) text = text.substr(2, text.size() - 3);
  auto pair = base::decode_strict_base64(text);
  auto colon = pair ? pair->find(':') : std::string::npos;
  if (colon == std::string::npos) return Error{"the Basic credentials are not NAME:PASSWORD in base64"};
  return pair->substr(colon + 1);
}

}  // namespace

Credentials::Credentials(const std::vector<std::string>& tokens, std::vector<Issuer> issuers)
    : issuers_(std::move(issuers)) {
  for (const auto& token : tokens) tokens_.push_back(base::sha256(token));
}

bool Credentials::admit(Fields fields) const {
  return check(fields, base::unix_seconds()).has_value();
}

Result<void> Credentials::check(Fields fields, std::int64_t now_unix) const {
  const Field* given = nullptr;
  for (const auto& field : fields) {
    if (!base::iequals(field.name, "Authorization") && !base::iequals(field.name, "Fastly-Key")) continue;
    // Of two, somebody in front may have checked the other one.
    if (given) return Error{"more than one credential is given"};
    given = &field;
  }
  if (!given) return Error{"no credential is given"};
  if (base::iequals(given->name, "Fastly-Key")) {
    if (!is_token(given->value)) return unknown_token();
    return {};
  }
  auto space = given->value.find(' ');
  auto scheme = given->value.substr(0, space);
  auto text = space == std::string_view::npos ? std::string_view() : base::trim(given->value.substr(space));
  if (text.empty()) return Error{"Authorization is not a scheme with a credential behind it"};
  if (base::iequals(scheme, "Bearer")) return check_bearer(text, now_unix);
  if (!base::iequals(scheme, "Basic")) return Error{"the scheme of Authorization is neither Bearer nor Basic"};
  auto password = basic_password(text);
  if (!password) return password.error();
  if (!is_token(*password)) return unknown_token();
  return {};
}

bool Credentials::is_token(std::string_view text) const {
  auto digest = base::sha256(text);
  bool found = false;
  for (const auto& token : tokens_) found |= base::equal_in_constant_time(token, digest);
  return found;
}

Result<void> Credentials::check_bearer(std::string_view text, std::int64_t now_unix) const {
  if (is_token(text)) return {};
  if (issuers_.empty() || text.find('.') == std::string_view::npos) return unknown_token();
  auto status = base::JwtStatus::foreign;
  for (const auto& issuer : issuers_) {
    auto verdict = issuer.key.verify(text, now_unix);
    // One key may be there for several issuers, and each token says whose it is.
    if (verdict.status == base::JwtStatus::foreign || verdict.issuer != issuer.iss) {
      if (verdict.status == base::JwtStatus::malformed) status = verdict.status;
      continue;
    }
    if (verdict.status == base::JwtStatus::good) return {};
    status = verdict.status;
  }
  return Error{std::string(base::describe(status))};
}

}  // namespace holdfast::front
