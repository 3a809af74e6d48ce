// SPDX-License-Identifier: Apache-2.0
// Values of the configuration: read from text, held against the table, written as TOML. Errors name neither the key nor
// its place (the caller knows both), say how to mend, and never quote a secret.
#pragma once

#include <string>
#include <string_view>

#include <holdfast/result.h>

#include "app/config_schema.h"

namespace holdfast::app {

/// The value of an environment variable or a flag: numbers in decimal, true/false/yes/no/1/0, lists separated by
/// commas.
Result<ConfigValue> parse_config_value(const KeySpec& spec, std::string_view text);

/// The value as it takes effect (empty entries of lists dropped), or why it is not one that the key can have.
Result<ConfigValue> check_config_value(const KeySpec& spec, ConfigValue value);

/// An error when the value asks for a feature that does not exist yet.
Result<void> check_supported(const KeySpec& spec, const ConfigValue& value);

/// "expected a list of texts, as in listen = ["http://0.0.0.0:7999"]"
std::string expectation(const KeySpec& spec);

/// What values are allowed, for documents: "0 to 1024", "`close`, `drop`"; empty when any of the type is.
std::string allowed_values(const KeySpec& spec);

/// As TOML, on one line.
std::string encode_toml(const ConfigValue& value);

}  // namespace holdfast::app
