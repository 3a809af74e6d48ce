// SPDX-License-Identifier: Apache-2.0
// The command line: `holdfast [serve|check|demo|publish] …`.
#pragma once

#include <cstdint>
#include <string>

namespace holdfast::app {

/// Parses and runs; returns the exit status.
int run_command_line(int argc, const char* const* argv);

/// What is made from its definition and kept in packaging/.
enum class CommandDocument : std::uint8_t { man_page, bash_completion, zsh_completion };
std::string command_line_document(CommandDocument document);

}  // namespace holdfast::app
