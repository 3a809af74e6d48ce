// SPDX-License-Identifier: Apache-2.0
#include "app/cli.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include "app/cli_text.h"
#include "app/config_load.h"
#include "app/config_schema.h"
#include "app/daemon.h"
#include "app/demo_command.h"
#include "app/health_command.h"
#include "app/log_setup.h"
#include "app/publish_command.h"
#include "base/log.h"

extern char** environ;

namespace holdfast::app {
namespace {

/// What serve, check, demo and health have in common.
struct ServeOptions {
  std::string config_file;
  std::vector<std::string> routes;
  std::string port;
  std::string log_level;
  std::string log_format;
  std::vector<std::pair<std::string, std::string>> keys;  // "section.key" and value
};

void add_serve_options(CLI::App& command, ServeOptions& options) {
  command.add_option("--config", options.config_file, "Configuration file")->type_name("FILE");
  command.add_option("--route", options.routes, "A line of the routes file; replaces the file (repeatable)")
      ->type_name("LINE")
      ->take_all();
  command.add_option("--port", options.port, "The one address for clients; replaces server.listen")
      ->type_name("[ADDR:]PORT");
  command.add_option("--log-level", options.log_level, "error, warn, info, debug or trace");
  command.add_option("--log-format", options.log_format, "text or json");
  for (const auto& spec : config_keys()) {
    if (spec.is_file_only()) continue;
    auto name = std::string(spec.section) + "." + std::string(spec.key);
    command
        .add_option_function<std::string>(
            flag_name(spec), [&options, name](const std::string& value) { options.keys.emplace_back(name, value); },
            std::string(spec.doc))
        ->group(std::string(kKeyOptions));
  }
}

std::vector<std::pair<std::string, std::string>> environment() {
  std::vector<std::pair<std::string, std::string>> out;
  for (char** entry = environ; *entry; ++entry) {
    std::string_view text(*entry);
    auto equals = text.find('=');
    if (equals != std::string_view::npos) out.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  return out;
}

/// "7999", "127.0.0.1:7999", "[::]:7999"
std::string listen_url(const std::string& port) {
  return port.find(':') == std::string::npos ? "http://0.0.0.0:" + port : "http://" + port;
}

ConfigSources sources_of(const ServeOptions& options) {
  ConfigSources sources;
  if (!options.config_file.empty()) sources.file = options.config_file;
  sources.environment = environment();
  sources.flags = options.keys;
  if (!options.port.empty()) sources.flags.emplace_back("server.listen", listen_url(options.port));
  if (!options.log_level.empty()) sources.flags.emplace_back("log.level", options.log_level);
  if (!options.log_format.empty()) sources.flags.emplace_back("log.format", options.log_format);
  return sources;
}

RoutesSource routes_of(const ServeOptions& options, const Config& config, proxy::RoutesOptions routes_options) {
  if (!options.routes.empty()) {
    std::string lines;
    for (const auto& line : options.routes) lines += line + "\n";
    return RoutesSource::from_text(lines, "--route", routes_options);
  }
  if (const char* lines = std::getenv("HOLDFAST_ROUTES")) {
    return RoutesSource::from_text(lines, "HOLDFAST_ROUTES", routes_options);
  }
  std::filesystem::path file(config.proxy.routes_file);
  if (file.is_relative()) file = std::filesystem::path(config.directory) / file;
  return RoutesSource::from_file(file.lexically_normal().string(), routes_options);
}

/// Errors go to standard error as they are, before there is a log.
bool report(const LoadedConfig& loaded) {
  for (const auto& error : loaded.errors) fmt::print(stderr, "holdfast: {}\n", error);
  return loaded.errors.empty();
}

/// From here on, what is to be said goes to the log.
bool start(const LoadedConfig& loaded) {
  if (!report(loaded)) return false;
  if (auto started = start_log(loaded.config); !started) {
    fmt::print(stderr, "holdfast: {}\n", started.error().what);
    return false;
  }
  for (const auto& warning : loaded.warnings) base::log_warn("{}", warning);
  return true;
}

int serve(ServeOptions options) {
  if (options.config_file.empty()) {
    auto found = find_config_file();
    if (!found) {
      std::string places;
      for (const auto& place : config_search_path()) places += (places.empty() ? "" : ", ") + place;
      fmt::print(
          stderr,
          "holdfast: no configuration found: looked for {}; name one with --config FILE, or try `holdfast demo`\n",
          places);
      return 1;
    }
    options.config_file = *found;
  }
  auto loaded = load_config(sources_of(options));
  if (!start(loaded)) return 1;
  SettingsSource settings(sources_of(options), loaded.config,
                          [&options](const Config& config) { return routes_of(options, config, {}); });
  return run_daemon(settings, nullptr);
}

int demo(const ServeOptions& options) {
  if (!options.config_file.empty()) {
    fmt::print(stderr, "holdfast: the demo takes no configuration file: leave --config out, or run without `demo`\n");
    return 1;
  }
  auto sources = sources_of(options);
  add_demo_settings(sources);
  auto loaded = load_config(sources);
  if (!start(loaded)) return 1;
  bool own_routes = !options.routes.empty() || std::getenv("HOLDFAST_ROUTES");
  SettingsSource settings(sources, loaded.config, [&options, own_routes](const Config& config) {
    return own_routes ? routes_of(options, config, {.allow_demo = true}) : demo_routes();
  });
  return run_demo(settings);
}

int health(ServeOptions options) {
  // Without a file the defaults and the environment hold, as in an image.
  if (options.config_file.empty()) options.config_file = find_config_file().value_or("");
  auto loaded = load_config(sources_of(options));
  return report(loaded) ? run_health(loaded.config) : 1;
}

int check(const ServeOptions& options) {
  auto given = options;
  if (given.config_file.empty()) {
    if (auto found = find_config_file()) given.config_file = *found;
  }
  auto loaded = load_config(sources_of(given));
  bool good = report(loaded);
  for (const auto& warning : loaded.warnings) fmt::print("warning: {}\n", warning);
  if (good) {
    for (const auto& problem : check_named_files(loaded.config)) {
      fmt::print(stderr, "holdfast: {}\n", problem);
      good = false;
    }
    auto source = routes_of(given, loaded.config, {});
    auto routes = source.load();
    if (!routes) {
      fmt::print(stderr, "holdfast: {}\n", routes.error().what);
      return 1;
    }
    for (const auto& issue : routes->parsed.issues) {
      bool error = issue.severity == proxy::RouteIssue::Severity::error;
      fmt::print(error ? stderr : stdout, "{}{}\n", error ? "" : "warning: ", issue.text());
      good = good && !error;
    }
    if (good) fmt::print("{}: good; {} routes in {}\n", given.config_file, routes->parsed.routes.size(), source.text());
  }
  return good ? 0 : 1;
}

/// The definition, and what was given.
struct CommandLine {
  CommandLine();

  CLI::App app{"Holdfast, a realtime reverse proxy: it holds clients' connections for any HTTP API.", "holdfast"};
  ServeOptions options;
  PublishOptions publish_options;
  CLI::App* check_command = nullptr;
  CLI::App* health_command = nullptr;
  CLI::App* demo_command = nullptr;
  CLI::App* publish_command = nullptr;
};

CommandLine::CommandLine() {
  app.set_version_flag("--version", std::string("holdfast ") + HOLDFAST_VERSION, "Print the version and exit");
  app.set_help_flag("-h,--help", "Print this help and exit");

  add_serve_options(app, options);
  auto* serve_command = app.add_subcommand("serve", "Run the daemon in the foreground (the default)");
  add_serve_options(*serve_command, options);
  check_command = app.add_subcommand("check", "Check configuration and routes; exit status 0 or 1");
  add_serve_options(*check_command, options);
  health_command = app.add_subcommand("health", "Ask the running daemon whether it is ready; exit status 0 or 1");
  add_serve_options(*health_command, options);
  demo_command = app.add_subcommand("demo", "Run the daemon with a built-in origin and a page to try it on");
  add_serve_options(*demo_command, options);
  publish_command = app.add_subcommand("publish", "Publish to a channel");
  add_publish_options(*publish_command, publish_options);
  for (auto* command : app.get_subcommands(nullptr)) {
    command->set_version_flag("--version", app.version(), "Print the version and exit");
  }
  app.require_subcommand(0, 1);
}

}  // namespace

int run_command_line(int argc, const char* const* argv) {
  CommandLine line;
  try {
    line.app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return line.app.exit(error) == 0 ? 0 : 1;
  }
  if (*line.check_command) return check(line.options);
  if (*line.health_command) return health(line.options);
  if (*line.demo_command) return demo(line.options);
  if (*line.publish_command) return run_publish(line.publish_options);
  return serve(line.options);
}

std::string command_line_document(CommandDocument document) {
  CommandLine line;
  switch (document) {
    case CommandDocument::man_page: return command_man_page(line.app, HOLDFAST_VERSION);
    case CommandDocument::bash_completion: return bash_completion(line.app);
    case CommandDocument::zsh_completion: return zsh_completion(line.app);
  }
  return {};
}

}  // namespace holdfast::app
