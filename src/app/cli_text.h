// SPDX-License-Identifier: Apache-2.0
// Documents made from the definition of the command line, and kept in packaging/: a unit test fails when they are
// older.
#pragma once

#include <string>
#include <string_view>

namespace CLI {
class App;
}

namespace holdfast::app {

/// What --SECTION.KEY options are grouped under: documents name them by their table.
constexpr std::string_view kKeyOptions = "Configuration keys";

/// packaging/holdfast.1
std::string command_man_page(const CLI::App& app, std::string_view version);
/// packaging/holdfast.bash and packaging/_holdfast
std::string bash_completion(const CLI::App& app);
std::string zsh_completion(const CLI::App& app);

}  // namespace holdfast::app
