// SPDX-License-Identifier: Apache-2.0
#include "app/demo_command.h"

#include <array>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "app/config_form.h"
#include "app/config_schema.h"
#include "app/daemon.h"
#include "base/assert.h"
#include "demo/demo_origin.h"

namespace holdfast::app {
namespace {

struct Setting {
  std::string_view section;
  std::string_view key;
  const char* value;
};
constexpr std::array<Setting, 3> kSettings{{
    {"grip", "sig_key", "holdfast-demo"},  // nobody checks it: the origin is in here
    {"log", "level", "warn"},
    {"log", "access", "false"},
}};

/// What a browser on this machine opens to get to a listener.
std::string page_url(const std::string& listen_url) {
  auto address = parse_http_address(listen_url);
  if (!address) return listen_url;
  auto host = address->host;
  if (host == "0.0.0.0" || host == "::") host = "localhost";
  if (host.find(':') != std::string::npos) host = "[" + host + "]";
  return fmt::format("http://{}:{}/", host, address->port);
}

class Demo final : public DemoParts {
 public:
  explicit Demo(const Config& config) : origin_(config.control.http), url_(page_url(config.server.listen.front())) {}

  origin::BuiltinOrigin& origin() override { return origin_; }
  void set_hub(channel::Hub& hub) override { origin_.set_hub(hub); }
  void on_ready() override {
    fmt::print("Holdfast demo: open {} (stop with Ctrl-C)\n", url_);
    std::fflush(stdout);
  }

 private:
  demo::DemoOrigin origin_;
  const std::string url_;
};

}  // namespace

void add_demo_settings(ConfigSources& sources) {
  std::vector<std::pair<std::string, std::string>> environment;
  for (const auto& setting : kSettings) {
    const auto* spec = find_config_key(setting.section, setting.key);
    HF_ASSERT(spec);
    environment.emplace_back(environment_name(*spec), setting.value);
  }
  // Of two with one name the later one holds.
  sources.environment.insert(sources.environment.begin(), environment.begin(), environment.end());
}

RoutesSource demo_routes() {
  return RoutesSource::from_text("* demo\n", "the demo", {.allow_demo = true});
}

int run_demo(SettingsSource& settings) {
  Demo demo(*settings.current()->config);
  return run_daemon(settings, &demo);
}

}  // namespace holdfast::app
