// SPDX-License-Identifier: Apache-2.0
#include "grip/signature.h"

#include "base/log.h"

namespace holdfast::grip {

bool Signer::usable(const Token& token, std::int64_t now_unix) {
  // A clock set back must not leave tokens in use that look as if they were made in the future.
  return now_unix >= token.made_at && now_unix - token.made_at < kReuse_s;
}

std::string_view Signer::token(const base::SigningKey& key, const std::string& issuer, std::int64_t now_unix) {
  if (issuer.empty()) return {};
  Identity identity(key.identity(), issuer);
  auto found = tokens_.find(identity);
  if (found != tokens_.end() && usable(found->second, now_unix)) return found->second.text;

  std::erase_if(tokens_, [now_unix](const auto& entry) { return !usable(entry.second, now_unix); });
  auto text = key.sign(issuer, now_unix + kValidity_s);
  if (!text) {
    static base::LogLimiter limiter;
    base::log_limited(limiter, "Grip-Sig: {}", text.error().what);
    return {};
  }
  auto made = tokens_.insert_or_assign(std::move(identity), Token{key, now_unix, std::move(*text)});
  return made.first->second.text;
}

}  // namespace holdfast::grip
