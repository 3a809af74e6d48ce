// SPDX-License-Identifier: Apache-2.0
// holdfast health: asks the daemon of the same configuration whether it is ready.
#pragma once

#include <string>
#include <string_view>

#include <holdfast/result.h>

#include "app/config.h"
#include "app/config_form.h"

namespace holdfast::app {

/// Where the daemon's admin listener is reached from this machine: one that listens on all addresses is asked on
/// loopback. An error when it is off.
Result<HostPort> health_target(const Config& config);

/// What the answer to GET /readyz means; an error says why the daemon is not ready.
Result<void> read_health_answer(std::string_view answer);

/// Exit status: 0 ready, 1 not, with the reason on standard error.
int run_health(const Config& config);

}  // namespace holdfast::app
