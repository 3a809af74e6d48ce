// SPDX-License-Identifier: Apache-2.0
// The log as the configuration wants it, and its files when they have been moved away.
#pragma once

#include <holdfast/result.h>

#include "app/config.h"

namespace holdfast::app {

/// Before the first thread is started. An error names the key and the file.
Result<void> start_log(const Config& config);

/// What SIGUSR1 asks for. Says in the log what became of it.
void reopen_log_files();

}  // namespace holdfast::app
