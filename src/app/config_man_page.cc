// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "app/config_load.h"
#include "app/config_schema.h"
#include "app/config_text.h"
#include "app/config_value.h"
#include "app/roff.h"

namespace holdfast::app {
namespace {

constexpr std::string_view kHead = R"(.\" SPDX-License-Identifier: Apache-2.0
.\" Made from the table in src/app/config_schema.cc.
.TH HOLDFAST.TOML 5 "" "Holdfast"
.SH NAME
holdfast.toml \- configuration of holdfast(1)
.SH DESCRIPTION
The file is TOML. Sizes are bytes; times are in the unit that ends the key's name. A flag
.BI \-\- SECTION . KEY
beats the environment
.RI ( HOLDFAST_SECTION_KEY ),
which beats the file, which beats the default. An unknown key or a bad value is an error, and the daemon does not start;
.B holdfast check
shows all of them. What is not yet supported is refused when it is asked for, never ignored.
.PP
At SIGHUP, changes of keys marked
.I live
take effect at once, those marked
.I new
for connections that are made from then on, and those marked
.I restart
when the daemon starts again.
)";

std::string key_text(const KeySpec& spec) {
  auto out =
      fmt::format(".TP\n\\fB{}\\fR = {}\n{}.", roff(spec.key), roff(encode_toml(spec.default_value())), roff(spec.doc));
  if (auto allowed = allowed_values(spec); !allowed.empty()) {
    std::erase(allowed, '`');
    out += fmt::format(" Allowed: {}.", roff(allowed));
  }
  if (spec.not_yet) out += " Not yet supported.";
  if (spec.is_file_only()) out += " In the file only.";
  return out + fmt::format(" \\fI{}\\fR\n", to_text(spec.takes_effect));
}

}  // namespace

std::string config_man_page() {
  std::string out(kHead);
  for (const auto& section : config_sections()) {
    out += fmt::format(".SH [{}]\n{}.\n", section.name, roff(section.doc));
    for (const auto& spec : config_keys()) {
      if (spec.section == section.name) out += key_text(spec);
    }
  }
  for (const auto& table : config_tables()) {
    out += fmt::format(".SH [[{}]]\n{} (not yet supported).\n", table.name, roff(table.doc));
    for (const auto& [key, example, doc] : table.keys) {
      out += fmt::format(".TP\n\\fB{}\\fR = {}\n{}.\n", roff(key), roff(example), roff(doc));
    }
  }
  out += ".SH FILES\nThe first of\n";
  for (const auto& place : config_search_path()) out += fmt::format(".br\n.I {}\n", roff(place));
  return out + ".SH SEE ALSO\n.BR holdfast (1)\n";
}

}  // namespace holdfast::app
