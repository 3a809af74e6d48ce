// SPDX-License-Identifier: Apache-2.0
#include "app/credentials_config.h"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "base/text.h"

namespace holdfast::app {

Result<front::CredentialsRef> load_control_credentials(const Config& config) {
  const auto& control = config.control;
  if (control.tokens.empty() && control.jwt_keys.empty()) return front::CredentialsRef();
  std::vector<front::Credentials::Issuer> issuers;
  for (const auto& [iss, notation] : control.jwt_keys) {
    auto key = base::VerifyKey::parse(notation, config.directory);
    if (!key) {
      return Error{fmt::format("control.jwt_keys: the key of iss \"{}\": {}", base::printable(iss), key.error().what)};
    }
    issuers.push_back({iss, std::move(*key)});
  }
  return front::CredentialsRef(std::make_shared<front::Credentials>(control.tokens, std::move(issuers)));
}

front::CredentialsRef make_admin_credentials(const Config& config) {
  if (config.admin.tokens.empty()) return nullptr;
  return std::make_shared<front::Credentials>(config.admin.tokens, std::vector<front::Credentials::Issuer>());
}

std::size_t count_short(const std::vector<std::string>& tokens) {
  return std::count_if(tokens.begin(), tokens.end(),
                       [](const auto& token) { return token.size() < kShortSecretBytes; });
}

std::size_t count_short(const std::vector<JwtKey>& keys) {
  constexpr std::string_view kBase64 = "base64:";
  return std::count_if(keys.begin(), keys.end(), [&](const JwtKey& entry) {
    std::string_view key = entry.key;
    if (key.starts_with("file:")) return false;
    auto size = key.starts_with(kBase64) ? base::decode_base64(key.substr(kBase64.size())).size() : key.size();
    return size < kShortSecretBytes;
  });
}

}  // namespace holdfast::app
