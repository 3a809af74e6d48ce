// SPDX-License-Identifier: Apache-2.0
#include "app/settings.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include <fmt/core.h>

#include "app/config_schema.h"
#include "app/credentials_config.h"
#include "app/exposure.h"
#include "base/clock.h"

namespace holdfast::app {
namespace {

using base::log_error;
using base::log_info;
using base::log_warn;

void log_issues(const proxy::ParsedRoutes& parsed) {
  for (const auto& issue : parsed.issues) {
    if (issue.severity == proxy::RouteIssue::Severity::error) {
      log_error("routes: {}", issue.text());
    } else {
      log_warn("routes: {}", issue.text());
    }
  }
}

Result<std::optional<base::SigningKey>> load_sig_key(const Config& config) {
  if (config.grip.sig_key.empty()) return std::optional<base::SigningKey>();
  auto key = base::SigningKey::parse(config.grip.sig_key, config.directory);
  if (!key) return Error{"grip.sig_key: " + key.error().what};
  return std::optional(std::move(*key));
}

bool wants_tls(const Config& config) {
  const auto& listen = config.server.listen;
  return std::any_of(listen.begin(), listen.end(), [](const auto& url) { return url.starts_with("https://"); });
}

net::TlsServerFiles tls_files(const Config& config) {
  auto absolute = [&](const std::string& path) {
    if (path.empty() || std::filesystem::path(path).is_absolute()) return path;
    return (std::filesystem::path(config.directory) / path).lexically_normal().string();
  };
  const auto& tls = config.tls;
  return {absolute(tls.cert), absolute(tls.key), absolute(tls.directory), tls.min_version};
}

/// Everything that the context is made from, the directory itself included.
std::vector<std::string> certificate_paths(const net::TlsServerFiles& files) {
  std::vector<std::string> paths;
  for (const auto& path : {files.cert, files.key, files.directory}) {
    if (!path.empty()) paths.push_back(path);
  }
  std::error_code error;
  std::filesystem::directory_iterator entries(files.directory, error);
  if (!error) {
    for (const auto& entry : entries) paths.push_back(entry.path().string());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

/// The new configuration with the old values of what only a restart changes.
Config keep_restart_keys(Config config, const Config& old) {
  for (const auto& spec : config_keys()) {
    auto value = spec.read(old);
    if (spec.takes_effect != TakesEffect::restart || spec.read(config) == value) continue;
    log_warn("[{}] {}: changed, which takes effect when the daemon is restarted", spec.section, spec.key);
    spec.write(config, std::move(value));
  }
  return config;
}

}  // namespace

SettingsSource::SettingsSource(ConfigSources sources, Config config, MakeRoutes make_routes)
    : sources_(std::move(sources)), make_routes_(std::move(make_routes)), routes_(make_routes_(config)) {
  auto settings = std::make_shared<Settings>();
  settings->config = std::make_shared<const Config>(std::move(config));
  current_ = std::move(settings);
}

std::shared_ptr<const LoadedRoutes> SettingsSource::load_routes(RoutesSource& source, bool skip_bad_lines) const {
  auto loaded = source.load();
  if (!loaded) {
    log_error("{}", loaded.error().what);
    return nullptr;
  }
  log_issues(loaded->parsed);
  if (!skip_bad_lines && loaded->parsed.has_errors()) {
    log_error("routes: mend the lines above");
    return nullptr;
  }
  return std::make_shared<const LoadedRoutes>(std::move(*loaded));
}

bool SettingsSource::load_keys(Settings& settings) {
  const auto& config = *settings.config;
  auto sig_key = load_sig_key(config);
  if (!sig_key) log_error("{}", sig_key.error().what);
  auto credentials = load_control_credentials(config);
  if (!credentials) log_error("{}", credentials.error().what);
  if (!sig_key || !credentials) return false;
  settings.sig_key = std::move(*sig_key);
  settings.control_credentials = std::move(*credentials);
  settings.admin_credentials = make_admin_credentials(config);
  return true;
}

bool SettingsSource::load_tls(Settings& settings, FileWatch& watch) {
  settings.tls = nullptr;
  if (!wants_tls(*settings.config)) return true;
  auto files = tls_files(*settings.config);
  watch = FileWatch([files] { return certificate_paths(files); });
  watch.remember();
  auto loaded = net::TlsServerContext::load(files);
  if (!loaded) {
    log_error("tls: {}", loaded.error().what);
    return false;
  }
  settings.tls = std::move(*loaded);
  log_info("certificates loaded: {}", settings.tls->certificates().size());
  for (const auto& certificate : settings.tls->certificates()) {
    if (certificate.not_after_unix > base::unix_seconds()) continue;
    log_warn("tls: the certificate for {} has expired: clients will refuse it", certificate.name);
  }
  return true;
}

SettingsRef SettingsSource::start() {
  auto settings = std::make_shared<Settings>(*current_);
  if (!load_keys(*settings)) return nullptr;
  settings->routes = load_routes(routes_, true);
  if (!settings->routes || !load_tls(*settings, certificates_)) return nullptr;
  return current_ = std::move(settings);
}

SettingsRef SettingsSource::reload() {
  auto loaded = load_config(sources_);
  for (const auto& warning : loaded.warnings) log_warn("{}", warning);
  for (const auto& error : loaded.errors) log_error("{}", error);
  auto settings = std::make_shared<Settings>();
  bool good = loaded.errors.empty();
  if (good) {
    settings->config = std::make_shared<const Config>(keep_restart_keys(std::move(loaded.config), *current_->config));
    // Again, since the listeners are still the old ones.
    for (const auto& exposed : find_exposed(*settings->config)) {
      log_error("[{}] {}: {}", exposed.section, exposed.key, exposed.text());
      good = false;
    }
    good = load_keys(*settings) && good;
    auto routes = make_routes_(*settings->config);
    FileWatch certificates;
    settings->routes = load_routes(routes, false);
    good = load_tls(*settings, certificates) && settings->routes && good;
    if (good) {
      routes_ = std::move(routes);
      certificates_ = std::move(certificates);
    }
  }
  if (!good) {
    log_error("nothing was reloaded (SIGHUP): mend what the lines above name; everything stays as it was");
    return nullptr;
  }
  return current_ = std::move(settings);
}

SettingsRef SettingsSource::reload_changed() {
  bool routes = routes_.changed();
  bool certificates = certificates_.changed();
  if (!routes && !certificates) return nullptr;
  auto settings = std::make_shared<Settings>(*current_);
  bool changed = false;
  if (routes) {
    if (auto loaded = load_routes(routes_, false)) {
      settings->routes = std::move(loaded);
      changed = true;
    } else {
      log_error("routes not reloaded (file changed): the routes stay as they were");
    }
  }
  if (certificates) {
    if (load_tls(*settings, certificates_)) {
      changed = true;
    } else {
      settings->tls = current_->tls;
      log_error("certificates not reloaded (file changed): those that were there stay in use");
    }
  }
  if (changed) current_ = std::move(settings);
  return changed ? current_ : nullptr;
}

base::LogLevel log_level(const std::string& name) {
  if (name == "error") return base::LogLevel::error;
  if (name == "warn") return base::LogLevel::warn;
  if (name == "debug") return base::LogLevel::debug;
  if (name == "trace") return base::LogLevel::trace;
  return base::LogLevel::info;
}

std::vector<std::string> check_named_files(const Config& config) {
  std::vector<std::string> problems;
  if (auto key = load_sig_key(config); !key) problems.push_back(key.error().what);
  if (auto keys = load_control_credentials(config); !keys) problems.push_back(keys.error().what);
  if (wants_tls(config)) {
    if (auto tls = net::TlsServerContext::load(tls_files(config)); !tls) problems.push_back("tls: " + tls.error().what);
  }
  return problems;
}

}  // namespace holdfast::app
