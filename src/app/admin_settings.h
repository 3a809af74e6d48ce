// SPDX-License-Identifier: Apache-2.0
// What the admin listener is told of the configuration.
#pragma once

#include <memory>

#include "admin/context.h"
#include "app/settings.h"

namespace holdfast::app {

std::shared_ptr<const admin::Settings> admin_settings(const Settings& settings);

}  // namespace holdfast::app
