// SPDX-License-Identifier: Apache-2.0
#include "app/log_setup.h"

#include <filesystem>
#include <string>

#include "app/settings.h"
#include "base/log.h"

namespace holdfast::app {
namespace {

std::string absolute(const Config& config, const std::string& path) {
  if (path.empty() || std::filesystem::path(path).is_absolute()) return path;
  return (std::filesystem::path(config.directory) / path).lexically_normal().string();
}

}  // namespace

Result<void> start_log(const Config& config) {
  const auto& log = config.log;
  return base::start_log({.level = log_level(log.level),
                          .format = log.format == "json" ? base::LogFormat::json : base::LogFormat::text,
                          .file = absolute(config, log.file),
                          .access_file = absolute(config, log.access_file)});
}

void reopen_log_files() {
  if (auto opened = base::reopen_log(); !opened) {
    base::log_error("log file not opened again (SIGUSR1): {}; the one that is open stays in use", opened.error().what);
  } else {
    base::log_info("log files opened again (SIGUSR1)");
  }
}

}  // namespace holdfast::app
