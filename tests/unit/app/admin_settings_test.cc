// SPDX-License-Identifier: Apache-2.0
#include "app/admin_settings.h"

#include <set>
#include <string>

#include <gtest/gtest.h>

#include "app/config_schema.h"

namespace holdfast::app {
namespace {

Settings settings_of(const Config& config) {
  Settings settings;
  settings.config = std::make_shared<const Config>(config);
  return settings;
}

/// Keys of features that are missing bound nothing yet.
bool bounds_something(const KeySpec& spec) {
  if (spec.section == "history") return false;
  auto key = spec.key;
  if (key == "retry_after_max_s") return false;  // what others are told
  return key.ends_with("_max") || key.find("_max_") != std::string_view::npos || key.starts_with("max_") ||
         key.ends_with("_hwm") || key.ends_with("_rate");
}

TEST(AdminSettings, EveryLimitIsAMetric) {
  std::set<std::string> shown;
  auto settings = admin_settings(settings_of({}));
  for (const auto& limit : settings->limits) shown.insert(limit.key);
  for (const auto& spec : config_keys()) {
    if (!bounds_something(spec)) continue;
    auto name = std::string(spec.section) + "." + std::string(spec.key);
    EXPECT_TRUE(shown.erase(name)) << name << ": add it to limit_keys() in app/admin_settings.cc";
  }
  EXPECT_TRUE(shown.empty()) << *shown.begin();
}

TEST(AdminSettings, SaysWhatTheConfigurationSays) {
  Config config;
  config.grip.message_hwm = 77;
  config.admin.metrics_open = true;
  auto settings = admin_settings(settings_of(config));
  EXPECT_TRUE(settings->metrics_open);
  EXPECT_TRUE(settings->certificates.empty());
  for (const auto& limit : settings->limits) {
    EXPECT_EQ(limit.value == 77, limit.key == "grip.message_hwm") << limit.key;
  }
}

}  // namespace
}  // namespace holdfast::app
