// SPDX-License-Identifier: Apache-2.0
#include "app/config_load.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <system_error>

#include <fmt/format.h>

#include "app/config_toml.h"
#include "app/config_value.h"
#include "app/credentials_config.h"
#include "app/exposure.h"
#include "base/text.h"

namespace holdfast::app {
namespace {

constexpr std::string_view kVariablePrefix = "HOLDFAST_";
constexpr std::string_view kFlagPrefix = "--";
constexpr std::size_t kPathMax = 4096;  // of a path that is shown
/// Variables with our prefix that are not keys: routes lines, the file's path, and the binary that test suites run.
constexpr std::array<std::string_view, 3> kOtherVariables{"HOLDFAST_ROUTES", "HOLDFAST_CONFIG", "HOLDFAST_BIN"};

Result<std::string> read_file(const std::string& path) {
  auto error = [&](std::string_view why) {
    return Error{fmt::format("{}: cannot be read: {}; name a file that can with --config",
                             base::printable(path, kPathMax), why)};
  };
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) return error("it is a directory");
  errno = 0;
  std::ifstream stream(path, std::ios::binary);
  if (!stream) return error(std::generic_category().message(errno));
  std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  if (stream.bad()) return error("the system reported an error while reading");
  return text;
}

using NameOf = std::string (*)(const KeySpec&);

/// The key that `name_of` gives this name; null when there is none.
const KeySpec* find_named(std::string_view name, NameOf name_of) {
  const auto& keys = config_keys();
  auto found = std::find_if(keys.begin(), keys.end(), [&](const KeySpec& spec) { return name_of(spec) == name; });
  return found == keys.end() ? nullptr : &*found;
}

/// Compared without the prefix, which would make any two names similar.
std::string did_you_mean(std::string_view name, NameOf name_of, std::string_view prefix) {
  std::vector<std::string> names;
  for (const auto& spec : config_keys()) names.push_back(name_of(spec).substr(prefix.size()));
  auto meant = base::nearest(name.substr(prefix.size()), names);
  return meant.empty() ? std::string() : fmt::format("; did you mean {}{}?", prefix, meant);
}

class Loader {
 public:
  explicit Loader(const ConfigSources& sources) {
    if (sources.file) load_file(*sources.file);
    load_environment(sources.environment);
    load_flags(sources.flags);
    for (const auto& spec : config_keys()) {
      auto supported = check_supported(spec, spec.read(loaded_.config));
      if (!supported) refuse(place_of(spec), supported.error().what);
    }
    check_listeners();
    check_credentials();
    check_grip();
  }

  LoadedConfig take() { return std::move(loaded_); }

 private:
  void load_file(const std::string& path) {
    auto& config = loaded_.config;
    config.file = path;
    auto directory = std::filesystem::path(path).parent_path().string();
    if (!directory.empty()) config.directory = directory;
    auto text = read_file(path);
    if (!text) {
      loaded_.errors.push_back(text.error().what);
      return;
    }
    auto parsed = parse_config_toml(*text, base::printable(path, kPathMax));
    loaded_.errors = std::move(parsed.errors);
    for (auto& setting : parsed.settings) set(*setting.spec, std::move(setting.value), setting.place);
  }

  void load_environment(const std::vector<std::pair<std::string, std::string>>& environment) {
    for (const auto& [name, value] : environment) {
      if (!name.starts_with(kVariablePrefix)) continue;
      if (std::find(kOtherVariables.begin(), kOtherVariables.end(), name) != kOtherVariables.end()) continue;
      if (const auto* spec = find_named(name, environment_name)) {
        set_text(*spec, value, name);
      } else {
        warn(base::printable(name),
             "unknown variable, ignored" + did_you_mean(name, environment_name, kVariablePrefix));
      }
    }
  }

  void load_flags(const std::vector<std::pair<std::string, std::string>>& flags) {
    for (const auto& [key, value] : flags) {
      auto name = std::string(kFlagPrefix) + key;
      if (const auto* spec = find_named(name, flag_name)) {
        set_text(*spec, value, name);
      } else {
        refuse(base::printable(name), "unknown key" + did_you_mean(name, flag_name, kFlagPrefix));
      }
    }
  }

  void set_text(const KeySpec& spec, std::string_view text, const std::string& place) {
    auto value = parse_config_value(spec, text);
    if (value) value = check_config_value(spec, std::move(*value));
    if (!value) return refuse(place, value.error().what);
    set(spec, std::move(*value), place);
  }

  void set(const KeySpec& spec, ConfigValue value, const std::string& place) {
    spec.write(loaded_.config, std::move(value));
    places_[&spec] = place;
  }

  void refuse(std::string_view place, std::string_view why) {
    loaded_.errors.push_back(fmt::format("{}: {}", place, why));
  }

  /// Where the value in force was set.
  std::string place_of(const KeySpec& spec) const {
    auto found = places_.find(&spec);
    return found != places_.end() ? found->second : fmt::format("[{}] {}", spec.section, spec.key);
  }
  std::string place_of(std::string_view section, std::string_view key) const {
    return place_of(*find_config_key(section, key));
  }

  void check_listeners() {
    check_tls();
    if (loaded_.config.server.listen.empty()) {
      refuse(place_of("server", "listen"),
             "no address is left, so no client can connect; give one, as in listen = [\"http://0.0.0.0:7999\"]");
    }
    for (const auto& exposed : find_exposed(loaded_.config)) {
      refuse(place_of(exposed.section, exposed.key), exposed.text());
    }
  }

  void check_tls() {
    const auto& tls = loaded_.config.tls;
    const auto& listen = loaded_.config.server.listen;
    if (tls.cert.empty() != tls.key.empty()) {
      const auto* given = tls.cert.empty() ? "key" : "cert";
      refuse(place_of("tls", given), "cert and key belong together: set both, or neither");
    }
    bool https = std::any_of(listen.begin(), listen.end(), [](const auto& url) { return url.starts_with("https://"); });
    if (https && tls.cert.empty() && tls.directory.empty()) {
      refuse(place_of("server", "listen"),
             "an https:// address needs a certificate; set [tls] cert and key, or [tls] directory");
    }
  }

  void check_credentials() {
    auto look_at = [&](std::string_view section, std::string_view key, std::size_t count) {
      if (count == 0) return;
      warn(place_of(section, key),
           fmt::format("{} shorter than {} bytes, which can be guessed; make others, as with openssl rand -hex 32",
                       count == 1 ? "one secret is" : std::to_string(count) + " secrets are", kShortSecretBytes));
    };
    look_at("control", "tokens", count_short(loaded_.config.control.tokens));
    look_at("control", "jwt_keys", count_short(loaded_.config.control.jwt_keys));
    look_at("admin", "tokens", count_short(loaded_.config.admin.tokens));
  }

  void check_grip() {
    const auto& grip = loaded_.config.grip;
    const auto key_place = place_of("grip", "sig_key");
    if (grip.sig_key.empty()) {
      warn(key_place, "not set; without a sig_key, GRIP libraries believe that no proxy is there");
    } else if (grip.sig_key == kExampleSigKey) {
      warn(key_place, "still the example that everybody knows; replace it here and in the backends");
    }
    if (grip.message_hwm > 0 && grip.message_rate == 0) {
      warn(place_of("grip", "message_hwm"), "has no effect while message_rate is 0, because nothing waits");
    }
  }

  void warn(std::string_view place, std::string_view why) {
    loaded_.warnings.push_back(fmt::format("{}: {}", place, why));
  }

  LoadedConfig loaded_;
  std::map<const KeySpec*, std::string> places_;
};

}  // namespace

LoadedConfig load_config(const ConfigSources& sources) {
  return Loader(sources).take();
}

const std::vector<std::string>& config_search_path() {
  static const std::vector<std::string> path{"./holdfast.toml", "./config/holdfast.toml",
                                             "/etc/holdfast/holdfast.toml"};
  return path;
}

std::optional<std::string> find_config_file() {
  for (const auto& path : config_search_path()) {
    std::error_code error;
    if (std::filesystem::exists(path, error)) return path;
  }
  return std::nullopt;
}

}  // namespace holdfast::app
