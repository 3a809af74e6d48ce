// SPDX-License-Identifier: Apache-2.0
// Everything that can change while the daemon runs: read and checked as a whole, then swapped on every core.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/config.h"
#include "app/config_load.h"
#include "app/file_watch.h"
#include "app/routes_source.h"
#include "base/jwt.h"
#include "base/log.h"
#include "front/credentials.h"
#include "net/tls_context.h"

namespace holdfast::app {

/// Immutable.
struct Settings {
  std::shared_ptr<const Config> config;
  std::shared_ptr<const LoadedRoutes> routes;
  std::optional<base::SigningKey> sig_key;
  front::CredentialsRef control_credentials;
  front::CredentialsRef admin_credentials;
  std::shared_ptr<const net::TlsServerContext> tls;  ///< null: there is no https:// listener
};
using SettingsRef = std::shared_ptr<const Settings>;

/// Reads settings, at start and again. Says in the log what is wrong with them. Thread: the daemon's main one.
class SettingsSource {
 public:
  using MakeRoutes = std::function<RoutesSource(const Config& config)>;

  /// `config` is what `sources` said a moment ago.
  SettingsSource(ConfigSources sources, Config config, MakeRoutes make_routes);

  /// At start, where bad lines of the routes file are skipped. Null when the daemon cannot run with them.
  SettingsRef start();

  /// Reads everything again; null, and nothing has changed, when a part of it cannot be used. Keys that take effect
  /// at a restart keep their values, and the log names them.
  SettingsRef reload();
  /// The same for what comes from files that have changed since: routes and certificates. Null also when none has.
  SettingsRef reload_changed();

  const SettingsRef& current() const { return current_; }
  std::string routes_text() const { return routes_.text(); }

 private:
  std::shared_ptr<const LoadedRoutes> load_routes(RoutesSource& source, bool skip_bad_lines) const;
  /// False when they failed.
  static bool load_keys(Settings& settings);
  /// False when it failed. `watch` becomes that of the files.
  static bool load_tls(Settings& settings, FileWatch& watch);

  ConfigSources sources_;
  MakeRoutes make_routes_;
  RoutesSource routes_;
  FileWatch certificates_;
  SettingsRef current_;
};

/// Of log.level, which has been checked.
base::LogLevel log_level(const std::string& name);

/// Problems of what the configuration names: keys and certificates. For `holdfast check`.
std::vector<std::string> check_named_files(const Config& config);

}  // namespace holdfast::app
