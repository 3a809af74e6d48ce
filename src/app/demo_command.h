// SPDX-License-Identifier: Apache-2.0
// `holdfast demo`: the daemon with an origin and a page of its own, and without any file.
#pragma once

#include "app/config_load.h"
#include "app/routes_source.h"
#include "app/settings.h"

namespace holdfast::app {

/// Settings that suit the demo, below everything that the environment and flags say.
void add_demo_settings(ConfigSources& sources);

/// Everything to the demo's origin.
RoutesSource demo_routes();

/// As run_daemon(), with a line on standard output once the page can be opened: the only one, as long as the log is
/// left as quiet as add_demo_settings() makes it.
int run_demo(SettingsSource& settings);

}  // namespace holdfast::app
