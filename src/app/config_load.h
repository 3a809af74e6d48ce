// SPDX-License-Identifier: Apache-2.0
// The configuration in force: what the file, the environment and the flags say, in rising order, over the defaults.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "app/config.h"

namespace holdfast::app {

struct ConfigSources {
  std::optional<std::string> file;  ///< none: the defaults
  /// The whole environment; only names that begin with HOLDFAST_ are looked at.
  std::vector<std::pair<std::string, std::string>> environment;
  /// "section.key" and its value; of two with one name the later one holds.
  std::vector<std::pair<std::string, std::string>> flags;
};

struct LoadedConfig {
  Config config;                      ///< of use only when there are no errors
  std::vector<std::string> errors;    ///< every problem that was found: where, what, and how to mend it
  std::vector<std::string> warnings;  ///< what is probably not meant, but can be run
};

/// Reads the file and checks everything; for start-up, reload and `holdfast check`. What a feature that does not exist
/// yet would do is refused for the value in force, so that a flag can turn off what the file turns on.
LoadedConfig load_config(const ConfigSources& sources);

/// Where a configuration is looked for when none is named: contract §1.
const std::vector<std::string>& config_search_path();

/// The first of those that is there, readable or not; nothing when none is.
std::optional<std::string> find_config_file();

}  // namespace holdfast::app
