// SPDX-License-Identifier: Apache-2.0
// The text of a holdfast.toml, read against the table of app/config_schema.h.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "app/config_schema.h"

namespace holdfast::app {

struct TomlSetting {
  const KeySpec* spec;
  ConfigValue value;  ///< of the key's type and within its limits
  std::string place;  ///< "holdfast.toml:12: [server] workers"
};

/// Everything that could be read, and everything that could not: all errors at once, in the order of their lines. Only
/// a syntax error ends the reading.
struct TomlConfig {
  std::vector<TomlSetting> settings;
  std::vector<std::string> errors;  ///< "holdfast.toml:12: [server] wokers: unknown key; did you mean 'workers'?"
};

/// `name` is what the places call the file.
TomlConfig parse_config_toml(std::string_view text, std::string_view name);

}  // namespace holdfast::app
