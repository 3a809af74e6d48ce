// SPDX-License-Identifier: Apache-2.0
// The one table of the configuration. The file, the environment, the flags, config/holdfast.toml and
// docs/configuration.md all come from it, so a key that is in the table is in all of them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <holdfast/result.h>

#include "app/config.h"
#include "app/config_form.h"

namespace holdfast::app {

using ConfigValue = std::variant<bool, std::int64_t, std::string, std::vector<std::string>, std::vector<JwtKey>>;

/// When the change of a key does something.
enum class TakesEffect : std::uint8_t {
  restart,          ///< of the daemon
  live,             ///< at once after a reload
  new_connections,  ///< after a reload, for connections that are made from then on
};

/// "restart", "live", "new"
std::string_view to_text(TakesEffect takes_effect);

enum class Secrecy : std::uint8_t { open, secret };  ///< a secret is never quoted in an error or a log line

/// Both ends are allowed; a `max` of INT64_MAX means that there is none.
struct Range {
  std::int64_t min;
  std::int64_t max;
};
struct OneOf {
  std::vector<std::string> choices;
};
struct NotEmpty {};
/// Of numbers a Range; of texts, or of each text in a list, the others. A text with a Form may be empty, which turns
/// off what the key is about.
using Constraint = std::variant<std::monostate, Range, OneOf, NotEmpty, Form>;

/// A feature that does not exist yet: any value but the default asks for it.
struct NotYet {
  std::string_view what;       ///< with its verb: "TLS is"
  std::string_view mend = {};  ///< empty: set it to its default
};

struct KeySpec {
  std::string_view section;
  std::string_view key;
  ConfigValue (*read)(const Config& config);
  void (*write)(Config& config, ConfigValue value);  ///< the value has the key's type
  TakesEffect takes_effect;
  std::string_view doc;  ///< one line, without a full stop
  Constraint constraint = {};
  std::optional<NotYet> not_yet = {};
  Secrecy secrecy = Secrecy::open;

  /// Tables can be written in the file only.
  bool is_file_only() const { return std::holds_alternative<std::vector<JwtKey>>(default_value()); }
  ConfigValue default_value() const { return read(Config{}); }
};

struct SectionSpec {
  std::string_view name;
  std::string_view doc;
};

/// A section that can be there several times, [[name]]; none exists yet. Its keys are there to be documented.
struct TableSpec {
  struct Key {
    std::string_view key;
    std::string_view example;  ///< as TOML
    std::string_view doc;
  };
  std::string_view name;
  std::string_view doc;
  NotYet not_yet;
  std::vector<Key> keys;
};

/// The grip.sig_key of config/holdfast.toml, there to be replaced.
constexpr std::string_view kExampleSigKey = "change-this-key";

/// In the order of the file, sections together.
const std::vector<KeySpec>& config_keys();
const std::vector<SectionSpec>& config_sections();
const std::vector<TableSpec>& config_tables();

/// Null when there is no such key.
const KeySpec* find_config_key(std::string_view section, std::string_view key);

/// HOLDFAST_<SECTION>_<KEY>
std::string environment_name(const KeySpec& spec);
/// --<section>.<key>
std::string flag_name(const KeySpec& spec);

}  // namespace holdfast::app
