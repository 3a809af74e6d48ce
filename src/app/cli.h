// SPDX-License-Identifier: Apache-2.0
// The command line: `holdfast [serve|check|demo|publish] …`.
#pragma once

namespace holdfast::app {

/// Parses and runs; returns the exit status.
int run_command_line(int argc, const char* const* argv);

}  // namespace holdfast::app
