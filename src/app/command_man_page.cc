// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "app/cli_text.h"
#include "app/config_load.h"
#include "app/roff.h"

namespace holdfast::app {
namespace {

constexpr std::string_view kSynopsis = R"(.SH SYNOPSIS
.B holdfast
.RB [ serve ]
.RI [ OPTIONS ]
.br
.B holdfast
.I COMMAND
.RI [ OPTIONS ]
.SH DESCRIPTION
Holdfast is a realtime reverse proxy. It stands in front of any HTTP API and holds connections for it: streams and
long\-polls. Headers of the API's answers say which clients to hold, and on which channels; what is published to a channel
reaches everybody who is held on it. The protocol is GRIP.
)";

constexpr std::string_view kKeys = R"(.TP
.BI \-\- SECTION . KEY " VALUE"
Any key of
.BR holdfast.toml (5),
as in
.BR "\-\-server.workers 4" .
Lists are separated by commas.
)";

constexpr std::string_view kRest = R"(.SH ENVIRONMENT
.TP
.BI HOLDFAST_ SECTION _ KEY
Any key of
.BR holdfast.toml (5),
as in
.BR HOLDFAST_SERVER_WORKERS=4 .
A flag beats the environment, and the environment beats the file.
.TP
.B HOLDFAST_ROUTES
Lines of the routes file, instead of the file.
.TP
.B GRIP_URL
Where
.B holdfast publish
publishes to.
.TP
.BR NOTIFY_SOCKET ", " WATCHDOG_USEC
Set by a service manager, which is told when the daemon is ready, reloads, stops, and that it is alive:
.BR sd_notify (3).
.SH SIGNALS
.TP
.BR SIGTERM ", " SIGINT
Sends clients away over
.B server.drain_seconds
and stops; a second one stops now.
.TP
.B SIGHUP
Checks what was changed in the files, then swaps it; nobody is disconnected.
.TP
.B SIGUSR1
Opens the log files again, for whoever has moved them away.
.SH EXIT STATUS
0 when all went well; 1 when something was refused, with the reason on standard error.
.SH SEE ALSO
.BR holdfast.toml (5)
)";

std::string option_text(const CLI::Option& option) {
  std::string names;
  for (const auto& name : option.get_snames()) names += (names.empty() ? "-" : ", -") + name;
  for (const auto& name : option.get_lnames()) names += (names.empty() ? "--" : ", --") + name;
  if (option.get_positional() && names.empty()) names = option.get_name(true);
  auto value = option.get_positional() ? std::string() : option.get_type_name();
  return fmt::format(".TP\n\\fB{}\\fR{}\n{}\n", roff(names), value.empty() ? "" : " \\fI" + roff(value) + "\\fR",
                     roff(option.get_description()));
}

bool is_in(const CLI::Option& option, const CLI::App& app) {
  const auto options = app.get_options();
  return std::any_of(options.begin(), options.end(), [&](const CLI::Option* other) {
    return other->get_lnames() == option.get_lnames() && other->get_snames() == option.get_snames() &&
           other->get_positional() == option.get_positional();
  });
}

/// Its options but those that the program has, too.
std::string command_text(const CLI::App& command, const CLI::App& app) {
  auto out = fmt::format(".SS {}\n{}.", roff(command.get_name()), roff(command.get_description()));
  std::string own;
  for (const auto* option : command.get_options()) {
    if (!is_in(*option, app)) own += option_text(*option);
  }
  auto has_key_options = [](const CLI::Option* option) { return option->get_group() == kKeyOptions; };
  const auto options = command.get_options();
  out += std::any_of(options.begin(), options.end(), has_key_options) ? " Takes the options below.\n" : "\n";
  return out + own;
}

}  // namespace

std::string command_man_page(const CLI::App& app, std::string_view version) {
  auto out = fmt::format(
      ".\\\" SPDX-License-Identifier: Apache-2.0\n"
      ".\\\" Made from the definition of the command line in src/app/cli.cc.\n"
      ".TH HOLDFAST 1 \"\" \"Holdfast {}\"\n"
      ".SH NAME\nholdfast \\- realtime reverse proxy\n{}.SH COMMANDS\n",
      version, kSynopsis);
  for (const auto* command : app.get_subcommands({})) out += command_text(*command, app);
  out += ".SH OPTIONS\n";
  for (const auto* option : app.get_options()) {
    if (option->get_group() != kKeyOptions) out += option_text(*option);
  }
  out += kKeys;
  out += ".SH FILES\n";
  std::string places;
  for (const auto& place : config_search_path()) places += fmt::format(".br\n.I {}\n", roff(place));
  out += "Without \\fB\\-\\-config\\fR, the configuration is the first of\n" + places;
  out += kRest;
  return out;
}

}  // namespace holdfast::app
