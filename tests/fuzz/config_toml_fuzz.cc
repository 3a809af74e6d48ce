// SPDX-License-Identifier: Apache-2.0
// The text of a holdfast.toml: every setting that comes of it is one that its key can have.
#include "app/config_toml.h"
#include "app/config_value.h"
#include "fuzz/fuzz.h"

HF_FUZZ_TARGET(input) {
  using namespace holdfast;
  auto parsed = app::parse_config_toml(input, "holdfast.toml");
  for (const auto& error : parsed.errors) HF_ASSERT(error.starts_with("holdfast.toml") && !fuzz::has_control(error));
  for (const auto& setting : parsed.settings) {
    HF_ASSERT(setting.spec && setting.value.index() == setting.spec->default_value().index());
    auto checked = app::check_config_value(*setting.spec, setting.value);
    HF_ASSERT(checked.has_value());
    app::Config config;
    setting.spec->write(config, setting.value);
    HF_ASSERT(setting.spec->read(config) == setting.value);
  }
}
