// SPDX-License-Identifier: Apache-2.0
// The credentials of control and admin, made from their keys in the configuration.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <holdfast/result.h>

#include "app/config.h"
#include "front/credentials.h"

namespace holdfast::app {

/// Tokens, and secrets of HS256, that are shorter than this can be guessed.
constexpr std::size_t kShortSecretBytes = 16;

/// Null when neither tokens nor keys are set. Reads key files; an error names the entry.
Result<front::CredentialsRef> load_control_credentials(const Config& config);

/// Null when no tokens are set.
front::CredentialsRef make_admin_credentials(const Config& config);

/// How many entries are short secrets.
std::size_t count_short(const std::vector<std::string>& tokens);
std::size_t count_short(const std::vector<JwtKey>& keys);

}  // namespace holdfast::app
