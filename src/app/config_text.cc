// SPDX-License-Identifier: Apache-2.0
#include "app/config_text.h"

#include <fmt/format.h>

#include "app/config_schema.h"
#include "app/config_value.h"

namespace holdfast::app {
namespace {

constexpr std::string_view kFileHead =
    R"(# Holdfast: every key, with its default. Made from the table in src/app/config_schema.cc, as docs/configuration.md is.
#
# Sizes are bytes, times are in the unit that ends the key's name. A section that is missing means its defaults, and so
# does this whole file but for grip.sig_key. An empty address turns a listener off. The environment
# (HOLDFAST_SERVER_WORKERS=4) and flags (--server.workers 4) override what stands here. `holdfast check` finds mistakes.
)";

constexpr std::string_view kReferenceHead = R"(# Configuration

<!-- Made from the table in src/app/config_schema.cc, as config/holdfast.toml is. Edit the table. -->

Without `--config FILE`, the file is the first of `./holdfast.toml`, `./config/holdfast.toml` and
`/etc/holdfast/holdfast.toml`. `config/holdfast.toml` shows every key with its default.

* Sizes are bytes; times are in the unit that ends the key's name.
* A flag beats the environment, the environment beats the file, the file beats the default. Flags are
  `--<section>.<key> VALUE`, variables `HOLDFAST_<SECTION>_<KEY>`. In both, lists are separated by commas and switches
  are `true` or `false` (also `yes`, `no`, `1`, `0`). Lists of tables can be written in the file only.
* Empty entries of a list are dropped, but an empty token is an error. An empty address turns its listener off.
* An unknown key or a bad value is an error, and the daemon does not start; all errors are shown at once. An unknown
  `HOLDFAST_…` variable is a warning. `holdfast check` shows both.
* A control or admin listener that other machines can reach needs [credentials](credentials.md), or
  `allow_unauthenticated = true` in its section; ZeroMQ, which has none, needs the latter.
* What is **not yet supported** is refused when it is asked for, never ignored.

SIGHUP reads everything again: this file, routes, keys and certificates. When any of it is bad, all stays as it was and
the log says why; nobody is disconnected either way. The column *Change* says when a new value takes effect: `live` at
once, `new` for connections that are made from then on, `restart` when the daemon starts again (the log names such keys).
Files of routes and certificates are read again by themselves when they change.
)";

bool is_sig_key(const KeySpec& spec) {
  return spec.section == "grip" && spec.key == "sig_key";
}

std::string key_text(const KeySpec& spec) {
  auto line = fmt::format("{} = {}\n", spec.key, encode_toml(spec.default_value()));
  if (spec.not_yet) return fmt::format("# (not yet supported) {}\n# {}", spec.doc, line);
  if (is_sig_key(spec)) {
    return fmt::format("# {}\n# This is an example: replace it, here and in your backends\nsig_key = \"{}\"\n",
                       spec.doc, kExampleSigKey);
  }
  return fmt::format("# {}\n{}", spec.doc, line);
}

std::string table_text(const TableSpec& table) {
  auto out = fmt::format("\n# {} (not yet supported)\n# [[{}]]\n", table.doc, table.name);
  for (const auto& [key, example, doc] : table.keys) out += fmt::format("# {} = {}  # {}\n", key, example, doc);
  return out;
}

/// For a cell of a table: a vertical bar would end it, and <host> would be taken for HTML.
std::string cell(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '|' || c == '<') out += '\\';
    out += c;
  }
  return out;
}

std::string key_row(const KeySpec& spec) {
  std::string what(spec.doc);
  if (auto allowed = allowed_values(spec); !allowed.empty()) what += fmt::format(". Allowed: {}", allowed);
  if (spec.not_yet) {
    what += fmt::format(". **Not yet supported**: {} refused", "any other value is");
  }
  auto names = spec.is_file_only() ? std::string("in the file only | in the file only")
                                   : fmt::format("`{}` | `{}`", environment_name(spec), flag_name(spec));
  return fmt::format("| `{}` | `{}` | {} | {} | {} |\n", spec.key, encode_toml(spec.default_value()), names,
                     to_text(spec.takes_effect), cell(what));
}

std::string table_reference(const TableSpec& table) {
  auto out = fmt::format(
      "\n## `[[{}]]`\n\n{}. **Not yet supported**: the table is refused.\n\n| Key | Example | What |\n|---|---|---|\n",
      table.name, table.doc);
  for (const auto& [key, example, doc] : table.keys) {
    out += fmt::format("| `{}` | `{}` | {} |\n", key, example, cell(doc));
  }
  return out;
}

}  // namespace

std::string default_config_text() {
  std::string out(kFileHead);
  for (const auto& section : config_sections()) {
    out += fmt::format("\n# {}\n[{}]\n", section.doc, section.name);
    for (const auto& spec : config_keys()) {
      if (spec.section == section.name) out += key_text(spec);
    }
    // Before [broker], as the contract has them.
    if (section.name == "history") {
      for (const auto& table : config_tables()) out += table_text(table);
    }
  }
  return out;
}

std::string config_reference() {
  std::string out(kReferenceHead);
  for (const auto& section : config_sections()) {
    out += fmt::format(
        "\n## `[{}]`\n\n{}.\n\n| Key | Default | Environment | Flag | Change | What |\n|---|---|---|---|---|---|\n",
        section.name, section.doc);
    for (const auto& spec : config_keys()) {
      if (spec.section == section.name) out += key_row(spec);
    }
  }
  for (const auto& table : config_tables()) out += table_reference(table);
  return out;
}

}  // namespace holdfast::app
